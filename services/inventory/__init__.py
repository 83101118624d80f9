"""The one stock truth: what every store has, what of it is promised, and why it changed."""
