"""One body of tests a port, run against its fake and against its adapter."""
