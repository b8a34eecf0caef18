"""Jurisdictions: rules as data, and which of them holds."""
