"""One bank learns nothing of another's private business: two worlds that differ in nothing else tell it the same."""
