"""What the commands share: the consoles, their common arguments, and running a coroutine to its end."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import typer
from rich.console import Console

from bordertally.agents.runtime.logs import OURS, in_json
from bordertally.streams.durations import seconds_in
from bordertally.streams.errors import BordertallyError, ConfigError, shown
from bordertally.streams.moments import utc


def instant(text: str, option: str = "--until") -> float:
    """A moment as seconds since 1970 UTC. Raises ConfigError quoting the text and the option it was given by."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is not None and moment.tzinfo is None and len(text) <= len("2022-09-27"):
        moment = moment.replace(tzinfo=UTC)
    if moment is None or moment.tzinfo is None:
        raise ConfigError(f"{option} {shown(text)}: a date, or a date-time with an offset such as 2022-09-27T09:00:00Z")
    return moment.timestamp()


To = Annotated[str | None, typer.Option("--to", help="Kafka bootstrap servers; default BORDERTALLY_BROKERS.")]


def moment_of(text: str, option: str, now: datetime, *, ahead: bool = False) -> datetime:
    """A time as an option says it, in UTC: ISO 8601, in UTC without an offset, or a duration such as 2h or 3d.

    A duration means so long before `now`, or with `ahead` after it. Raises BordertallyError quoting option and text.
    """
    try:
        duration = timedelta(seconds=seconds_in(text))
    except ValueError:
        duration = None
    try:
        if duration is None:
            return utc(datetime.fromisoformat(text))
        return now + (duration if ahead else -duration)
    except ValueError:
        why = "is no time such as 2026-01-31T18:00Z, nor 2h or 3d"
    except OverflowError:
        why = "leads outside the calendar"
    raise BordertallyError(f"{option}: {shown(text)} {why}")


T = TypeVar("T")
out, err = Console(), Console(stderr=True)
if not out.is_terminal and "COLUMNS" not in os.environ:  # a pipe has no width of its own: do not fold tables to 80
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
