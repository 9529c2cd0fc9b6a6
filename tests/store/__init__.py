"""Tests of store, on real servers."""
