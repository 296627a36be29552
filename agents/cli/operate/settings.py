"""The command `settings`."""

from __future__ import annotations

from bordertally.agents.terminal.console import out, table
from bordertally.streams.settings import documented


def settings() -> None:
    """List every setting: environment variable, default, meaning."""
    rows = table("variable", "default", "meaning", whole=["variable"])
    for row in documented():
        rows.add_row(*row)
    out.print(rows)
