"""Products and prices as values, and the rules they keep."""
