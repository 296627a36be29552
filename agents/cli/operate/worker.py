"""The command `worker`."""

from __future__ import annotations

from bordertally.agents.cli.running import work


def worker() -> None:
    """Run a worker with the hops that BORDERTALLY_HOPS names."""
    work()
