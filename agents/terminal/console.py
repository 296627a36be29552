"""What the commands share: consoles, common options, and running a coroutine."""

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
    """The time that an option gives, as seconds since 1970 UTC. Raises ConfigError that quotes option and text."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is not None and moment.tzinfo is None and len(text) <= len("2022-09-27"):
        moment = moment.replace(tzinfo=UTC)
    if moment is None or moment.tzinfo is None:
        raise ConfigError(
            f"{option}: {shown(text)} is not a date, nor a date-time with an offset such as 2022-09-27T09:00:00Z"
        )
    return moment.timestamp()


To = Annotated[str | None, typer.Option("--to", help="Kafka bootstrap servers. Default: BORDERTALLY_BROKERS.")]


def moment_of(text: str, option: str, now: datetime, *, ahead: bool = False) -> datetime:
    """The time that an option gives, in UTC: ISO 8601 (UTC without an offset), or a duration such as 2h or 3d.

    A duration counts back from `now`, or forward with `ahead`. Raises BordertallyError that quotes option and text.
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
        why = "is not a time such as 2026-01-31T18:00Z, nor a duration such as 2h or 3d"
    except OverflowError:
        why = "is outside the calendar"
    raise BordertallyError(f"{option}: {shown(text)} {why}")


T = TypeVar("T")
out, err = Console(), Console(stderr=True)
if not out.is_terminal and "COLUMNS" not in os.environ:  # a pipe has no width of its own: do not fold tables to 80
    out = Console(width=180)

Files = Annotated[list[Path], typer.Argument(help="Files of reports (NDJSON); - is standard input.")]
Sources = Annotated[
    Path | None, typer.Option("--sources", envvar="BORDERTALLY_SOURCES", help="The source registry (TOML).")
]
RulesFile = Annotated[
    Path | None,
    typer.Option("--rules", envvar="BORDERTALLY_RULES", help="Detection settings and operator baselines (TOML)."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Brokers = Annotated[
    str, typer.Option("--to", envvar="BORDERTALLY_BROKERS", help="Kafka bootstrap servers, as host:port,host:port.")
]


class StoppedError(BordertallyError):
    """Ctrl-C was pressed, and everything that was started has been stopped."""


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end. Ctrl-C lets it clean up, then raises StoppedError."""
    try:
        return asyncio.run(coroutine)
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise StoppedError("stopped") from None


def fail(why: str, code: int = 2) -> int:
    """Print what is wrong in one sentence; returns the exit code."""
    if in_json():
        OURS.critical("%s", why)
        return code
    err.print(f"bordertally: {why}", style="red", markup=False, highlight=False, soft_wrap=True)
    return code


def counted(number: int, noun: str) -> str:
    """`1 report`, `1,027 reports`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def print_json(record: object) -> None:
    """Print one JSON object on standard output."""
    sys.stdout.write(msgspec.json.encode(record).decode() + "\n")
