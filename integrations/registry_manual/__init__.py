"""An emission registry without an interface: its orders are tasks for clerks."""
