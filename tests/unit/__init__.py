"""Rules alone: no database, no network, no processes."""
