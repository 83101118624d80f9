"""What the catalog does. Each use case owns its transaction."""
