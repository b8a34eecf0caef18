"""What is true of emission rights, pledges and loans: no framework, no clock, no network, no configuration."""
