"""Helpers of the tests: real servers on free ports, in folders that go away."""
