"""The `ordito` command."""
