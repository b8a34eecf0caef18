"""The exchanges' files: bulletins in prose, auction notices, spreadsheets, and the feeds that are known by name."""
