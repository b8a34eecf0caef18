"""Tests of what adapters share when they call out."""
