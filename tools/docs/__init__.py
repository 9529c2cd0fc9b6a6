"""Makes `docs/reference/`: what the code knows already is not written down a second time."""
