"""The tree tells of itself: size, words, imports."""
