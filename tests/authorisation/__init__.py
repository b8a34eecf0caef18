"""Who may do what: one hand-written row a route, and every cell of the table asked over HTTP."""
