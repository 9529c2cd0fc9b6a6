"""A payment provider: authorize, capture, void, refund by card token; authorizations that expire in business time."""
