"""The benchmark: the API beside a bare handler that does the same statements (`make bench`)."""
