"""The product's own steps against the simulated registry, in virtual time, with a line that misbehaves."""
