"""Loan terms, the bank's events, and what is outstanding."""
