"""Products, their barcodes, and what each store asks for them."""
