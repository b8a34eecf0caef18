"""Tokens and keys: the only place where a signature on a token is made or checked."""
