"""Policies as data: the models that business people's files become, what is checked about them, and the slice an order pins."""
