"""The outside world as HTTP services of one process of its own: carrier with its warehouse, payment provider, supplier.

They keep books of their own (SQLite) and judge by them, as a real partner would. Nothing here imports the product.
The routes are listed in README.md beside this file.
"""
