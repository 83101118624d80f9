"""Events out and in, and work in batches."""
