"""What travels over HTTP: requests, replies and how each is read and written."""
