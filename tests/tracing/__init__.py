"""Traces (OPS6)."""
