"""The order saga: orders in batches, from their intent to their outcome."""
