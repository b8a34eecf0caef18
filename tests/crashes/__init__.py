"""Crashes: API and worker killed at every named point and at random moments; afterwards local must equal registry."""
