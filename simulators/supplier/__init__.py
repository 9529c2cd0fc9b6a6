"""A supplier: purchase orders that are received, acknowledged and shipped, each step told by webhook."""
