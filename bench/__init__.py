"""How much our product costs, as ratios to floors measured in the same run on the same servers (`make bench`).

A floor is the least that anyone would write for the same shape of work on the same stack; see the README beside this.
"""
