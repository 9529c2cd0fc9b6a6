"""What the workflows ask of the world, one module per capability."""
