"""Values: exact, immutable, written in one way only."""
