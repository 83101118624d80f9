"""The stores: where they are, when they are open, what they can do and where they deliver."""
