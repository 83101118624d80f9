"""All SQL of the catalog. Takes a transaction and never commits."""
