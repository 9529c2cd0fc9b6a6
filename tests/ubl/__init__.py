"""Tests of UBL documents: reading them, and the door they come through."""
