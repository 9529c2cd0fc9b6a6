"""Changes of orders in flight, on the whole stack with the simulators' own books (CHG1-CHG15)."""
