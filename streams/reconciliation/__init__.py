"""Overlapping claims of one series in; people a day, and the claims that cannot hold, out."""
