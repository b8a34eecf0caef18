"""HTTP routes, one noun of the contract a module."""
