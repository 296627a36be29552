"""Where the command `bordertally` begins: what is wrong ends in one sentence, and a worker starts without the rest."""

from __future__ import annotations

import sys

from bordertally.agents.cli.running import guarded, work


def main() -> None:
    """Run a command. `bordertally worker` imports no command line, which is a tenth of its start."""
    guarded(work if sys.argv[1:] == ["worker"] else _command_line)


def _command_line() -> None:
    from bordertally.agents.cli.main import cli  # noqa: PLC0415 - see above

    cli()
