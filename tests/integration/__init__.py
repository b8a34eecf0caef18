"""Adapters against the real thing: PostgreSQL, and counterparts over their own wire."""
