"""Rows of a table and a mapping in; claims in reports, a summary, and every cell that could not be read, out."""
