"""Implementations of the ports: carriers and payment providers over HTTP, policy files."""
