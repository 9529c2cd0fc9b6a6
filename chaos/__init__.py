"""Orders that are changed while parts of the stack are killed, and the books compared afterwards: `make chaos`."""
