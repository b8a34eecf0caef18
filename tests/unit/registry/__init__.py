"""The registry's wire, its words, its rulings and the demonstration rights."""
