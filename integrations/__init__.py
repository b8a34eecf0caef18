"""How the world answers: one folder for each outside system, bearing the name of its port."""
