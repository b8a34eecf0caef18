"""Pages for people who come without a client: written here, without a script."""
