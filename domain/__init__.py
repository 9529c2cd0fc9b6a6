"""The pure core: it decides, and touches nothing outside itself."""
