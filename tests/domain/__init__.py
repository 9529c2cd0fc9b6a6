"""Tests of the domain: pure, exact, without a server."""
