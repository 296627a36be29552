"""The error of a file that cannot be read as a table."""

from __future__ import annotations

from bordertally.streams.errors import BordertallyError


class UnreadableError(BordertallyError):
    """A file cannot be read: the text names the file, what it looks like, and what to do."""
