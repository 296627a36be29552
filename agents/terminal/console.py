"""What the commands share: consoles, common options, and running a coroutine.

All output of the commands goes through this module, which escapes control and direction characters of text from
outside: a file of reports must not move the cursor or set the title of a terminal (tests/agents/test_output.py).
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Collection, Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, TextIO, TypeVar

import msgspec
import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table

from bordertally.agents.runtime.logs import OURS, in_json
from bordertally.streams.durations import seconds_in
from bordertally.streams.errors import BordertallyError, ConfigError, shown
from bordertally.streams.moments import utc
from bordertally.streams.settings import Settings, load_settings
from bordertally.streams.visible_text import visible_json, visible_lines


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


To = Annotated[
    str | None,
    typer.Option("--to", help="Kafka bootstrap servers, as host:port,host:port. Default: BORDERTALLY_BROKERS."),
]


def settings_for(to: str | None) -> Settings:
    """The settings of the environment, with the brokers that `--to` names. Raises ConfigError."""
    return load_settings(**({"brokers": to} if to else {}))


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


class SafeConsole(Console):
    """A console for text from outside: control characters are escaped, and brackets are no markup."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """Yield the segments of what is printed, with visible text."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else visible_lines(text), style, control)


out, err = SafeConsole(), SafeConsole(stderr=True)
if not out.is_terminal and "COLUMNS" not in os.environ:  # a pipe has no width of its own: do not fold tables to 80
    out = SafeConsole(width=180)

Files = Annotated[list[Path], typer.Argument(help="Files of reports (NDJSON); - is standard input.")]
Sources = Annotated[
    Path | None, typer.Option("--sources", envvar="BORDERTALLY_SOURCES", help="The source registry (TOML).")
]
RulesFile = Annotated[
    Path | None,
    typer.Option("--rules", envvar="BORDERTALLY_RULES", help="Detection settings and operator baselines (TOML)."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def table(*names: str, whole: Collection[str] = ()) -> Table:
    """An empty table with these columns. In a narrow terminal cells are folded into lines; no character is cut.

    `whole`: columns that are folded last, such as those with figures and ids.
    """
    made = Table()
    for name in names:
        made.add_column(name, overflow="fold", no_wrap=name in whole)
    return made


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


def write(text: str) -> None:
    """Write text of several lines to standard output, without line breaks of a console's own."""
    sys.stdout.write(visible_lines(text))


def write_json(raw: bytes, *, stream: TextIO | None = None) -> None:
    """Write a line of JSON to standard output or `stream`; its strings keep their value."""
    (stream or sys.stdout).write(visible_json(raw.decode()) + "\n")


def write_bytes(raw: bytes) -> None:
    """Write bytes to standard output: exactly to a file or a pipe, escaped to a terminal."""
    if sys.stdout.isatty():
        write(raw.decode("utf-8", "backslashreplace"))
    else:
        sys.stdout.buffer.write(raw)


def print_json(record: object) -> None:
    """Print one JSON object on standard output."""
    write_json(msgspec.json.encode(record))
