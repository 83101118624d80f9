"""Between messages and values; the only files that know both."""
