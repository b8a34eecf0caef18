"""Readers of exchanges' files; every sample is made up, in the grammar of real ones."""
