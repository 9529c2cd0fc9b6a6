"""A carrier with its warehouse: shipment requests, their progress, cancelling, and webhooks about all of it."""
