"""Rules of api, without a database."""
