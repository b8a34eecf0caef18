"""What `python -m api` can be told to do, one command a module."""
