"""What the orders service does to its own rows."""
