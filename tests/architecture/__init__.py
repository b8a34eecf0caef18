"""The house rules as tests: directions of import, sizes, addresses, reasons."""
