"""The file transport: whole files, rows, reports."""
