"""Background jobs, one verb a module; each may run more than once and says so by its fence."""
