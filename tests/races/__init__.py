"""Races: many processes want the same quantity, and what the database committed is replayed, one by one, on a model."""
