"""The command `reread`."""

from __future__ import annotations

from bordertally.agents.terminal.console import To, counted, out, run, settings_for
from bordertally.agents.worker.positions import read_again


def reread(to: To = None) -> None:
    """Let workers read all reports again, after internal records were lost.

    Stop all workers first. The reports that Kafka still has are checked and counted again; those that were counted
    before change nothing.
    """
    settings = settings_for(to)
    number = run(read_again(settings))
    out.print(f"{counted(number, 'report')} will be read again when a worker starts", highlight=False)
