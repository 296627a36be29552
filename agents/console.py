"""What the commands share: the consoles, their common arguments, and running a coroutine to its end."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import typer
from rich.console import Console

from agents.logs import OURS, in_json
from streams.errors import BordertallyError

T = TypeVar("T")
out, err = Console(), Console(stderr=True)
if not out.is_terminal:  # a pipe or a log has no width of its own: do not fold tables to 80 columns
    out = Console(width=180)

Files = Annotated[list[Path], typer.Argument(help="NDJSON files of reports; - is standard input.")]
Sources = Annotated[
    Path | None, typer.Option("--sources", envvar="BORDERTALLY_SOURCES", help="The source registry (TOML).")
]
RulesFile = Annotated[
    Path | None,
    typer.Option("--rules", envvar="BORDERTALLY_RULES", help="Detection settings and operator baselines (TOML)."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output and nothing else.")]
Brokers = Annotated[str, typer.Option("--to", help="Kafka bootstrap servers, host:port.")]


class StoppedError(BordertallyError):
    """Ctrl-C, after everything that was started has been stopped."""


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run to the end; Ctrl-C lets it clean up first, and so does whatever else cancels it."""
    try:
        return asyncio.run(coroutine)
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise StoppedError("stopped") from None


def fail(why: str, code: int = 2) -> int:
    """Say in one sentence what is wrong; returns the exit code."""
    if in_json():
        OURS.critical("%s", why)
        return code
    err.print(f"bordertally: {why}", style="red", markup=False, highlight=False, soft_wrap=True)
    return code


def print_json(record: object) -> None:
    """One object on standard output and nothing else."""
    sys.stdout.write(msgspec.json.encode(record).decode() + "\n")
