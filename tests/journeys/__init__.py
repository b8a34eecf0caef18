"""Whole stories over HTTP, with real processes."""
