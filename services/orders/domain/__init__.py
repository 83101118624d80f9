"""What orders are, and their rules; no clock, no network, no database."""
