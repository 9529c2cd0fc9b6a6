"""Policies as data: the models that policy files become, the rules they keep, and the slice that an order pins."""
