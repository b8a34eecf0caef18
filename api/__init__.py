"""The doors: HTTP routes, background jobs and the command line; the only place where a transaction commits."""
