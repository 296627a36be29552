"""Free ports on the loopback address, below the kernel's range of ephemeral ports."""

import random
import socket

from bordertally.agents.servers.errors import ServerError

HOST = "127.0.0.1"
# Tansu fails on ports from 32768 on, where the ephemeral ports of Linux begin too.
LOWEST, HIGHEST = 20_000, 32_000
ATTEMPTS = 200


def is_free(port: int) -> bool:
    """Whether a server can listen on `port` of 127.0.0.1 now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the servers do: connections in TIME_WAIT do not block the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a random free port from 20000 to 32000, without reserving it. Raises ServerError when none is found."""
    for _ in range(ATTEMPTS):
        port = random.randint(LOWEST, HIGHEST)  # noqa: S311  # not a secret
        if is_free(port):
            return port
    raise ServerError(f"no free port found from {LOWEST} to {HIGHEST} on {HOST}")


def require_free(port: int, purpose: str) -> None:
    """Raise ServerError when `port` is taken; `purpose` names the server in the message."""
    if not is_free(port):
        raise ServerError(
            f"port {port} for {purpose} is taken on {HOST}: choose another port, or give none for a free one"
        )
