"""A pure model of the business, and a machine that plays it against the real one over HTTP."""
