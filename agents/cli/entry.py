"""The entry point of the command `bordertally`."""

from __future__ import annotations

import signal
import sys


def main() -> None:
    """Run a command. `bordertally worker` skips the command line: a tenth of its start-up time."""
    try:
        from bordertally.agents.cli.running import guarded, work  # noqa: PLC0415 - Ctrl-C may come during an import
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    guarded(work if sys.argv[1:] == ["worker"] else _command_line)


def _command_line() -> None:
    from bordertally.agents.cli.main import cli  # noqa: PLC0415 - see above

    cli()
