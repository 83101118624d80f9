"""What the stores service does. Each use case owns its transactions."""
