"""Everything on one machine: the whole platform in one process, with its own stores beside it."""
