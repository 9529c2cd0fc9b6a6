"""Tests of the policy language: conditions, models, checks, files."""
