"""Tests of the stack: every server is a real one."""
