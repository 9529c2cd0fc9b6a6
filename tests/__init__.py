"""Tests of everything, on real servers."""
