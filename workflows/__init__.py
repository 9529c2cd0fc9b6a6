"""Durable shells: they feed events to the decider and run the calls that come back."""
