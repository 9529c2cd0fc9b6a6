"""Tests of adapters, on real servers."""
