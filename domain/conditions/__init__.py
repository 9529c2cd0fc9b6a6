"""Conditions: a typed subset of Python expressions with exact decimals and a third truth value, unknown."""
