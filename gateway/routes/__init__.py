"""HTTP and JSON for every annotated method, all of it derived from the contracts at start."""
