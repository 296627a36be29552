"""Where the command `bordertally` begins: what is wrong ends in one sentence, and a worker starts without the rest."""

from __future__ import annotations

import sys

from bordertally.agents.cli.running import guarded, work


def main() -> None:
    """Run a command. `bordertally worker` leaves out what only the others import: a quarter of its start."""
    if sys.argv[1:] == ["worker"]:
        guarded(work)
    else:
        from bordertally.agents.cli.main import cli  # noqa: PLC0415 - see above

        guarded(cli)
