"""Values: money, quantities, prices, dates and codes, each exact, immutable and written in one way only."""
