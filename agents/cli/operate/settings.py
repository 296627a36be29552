"""The command `settings`."""

from __future__ import annotations

from rich.table import Table

from bordertally.agents.terminal.console import out
from bordertally.streams.settings import documented


def settings() -> None:
    """List every setting: environment variable, default, meaning."""
    table = Table("variable", "default", "meaning")
    for row in documented():
        table.add_row(*row)
    out.print(table)
