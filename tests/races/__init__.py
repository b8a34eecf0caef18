"""Races: many processes want the same quantity, and what the database then says is replayed, commit by commit, on a model."""
