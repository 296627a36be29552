"""The one error of this package."""


class ServerError(Exception):
    """A server cannot be started or does not answer; the message says why and what to do."""
