"""An emission registry that exchanges files: orders out, answers and statements in."""
