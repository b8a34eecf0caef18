"""How things of the domain are told on the wire, as plain values in the shape of `api.schemas`."""
