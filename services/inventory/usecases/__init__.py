"""What inventory does. Each use case owns its transaction."""
