"""Readers of order files: each turns a file into order documents, and every bad row into words (CAP1)."""
