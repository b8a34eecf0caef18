"""One step of the schema a module, dated; each knows its way up and down."""
