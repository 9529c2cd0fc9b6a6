"""The order process as a pure decider: events in, a new state and calls out."""
