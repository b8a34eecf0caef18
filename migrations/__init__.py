"""The schema's history, oldest first; each step goes up and down on a filled database."""
