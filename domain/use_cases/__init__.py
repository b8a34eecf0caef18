"""What the actors do, one verb a module; a use case never commits, the edge does."""
