"""Between contracts and domain."""
