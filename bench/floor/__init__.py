"""The floors: the least that does the same shape of work. Nothing here keeps a promise of our product."""
