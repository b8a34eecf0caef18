"""The pledge contract: its states, its registry orders, its coverage."""
