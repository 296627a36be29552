"""The command `bordertally`: its options, and the group of its commands."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from bordertally.agents.cli.lazy import LazyGroup
from bordertally.agents.cli.running import guarded

cli = typer.Typer(cls=LazyGroup, no_args_is_help=True, pretty_exceptions_enable=False)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib import metadata  # noqa: PLC0415 - only here

        sys.stdout.write(f"bordertally {metadata.version('bordertally')}\n")
        raise typer.Exit


@cli.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Live, defensible totals of people crossing borders."""


if __name__ == "__main__":
    guarded(cli)
