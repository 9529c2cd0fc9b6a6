"""The stack in one terminal: embedded PostgreSQL and Temporal, our processes, and their supervision."""
