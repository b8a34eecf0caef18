"""Rules of pledges, without a database."""
