"""Mechanics of calling out that all adapters share; it lies below them and knows none of them."""
