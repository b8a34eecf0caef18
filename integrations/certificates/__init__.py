"""Certificates set in type: the sheet that is printed and kept."""
