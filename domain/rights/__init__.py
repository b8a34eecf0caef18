"""Emission rights, what is taken of them, and who may pledge them."""
