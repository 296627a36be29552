"""The commands that bring reports in: check, publish, statements, follow, keys."""
