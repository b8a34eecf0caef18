"""The market: deals as their sources tell them, and which of them may be believed."""
