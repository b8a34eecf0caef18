"""Rules of rights, without a database."""
