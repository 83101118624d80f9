"""Orders: sales at tills and goods held for customers, each exactly once or not at all."""
