"""Rules of loans, without a database."""
