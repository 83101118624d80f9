"""What a store is, when it is open, and whom it serves; no clock, no network, no database."""
