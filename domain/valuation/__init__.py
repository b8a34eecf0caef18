"""Valuation: what a right is worth as collateral, from recent deals, and how far that carries a loan."""
