"""Deals and their screening."""
