"""What stock is, and the rules by which it changes; no clock, no network, no database."""
