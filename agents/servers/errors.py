"""The error of this package."""


class ServerError(Exception):
    """A server cannot start or does not respond; the message says why and what to do."""
