"""Jurisdictions: what a division allows, as dated and sourced rules, never as code."""
