"""Daily series and surges out of CSV files, as they come: any names of columns, any order of dates, a BOM or none."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, NamedTuple

import typer

from bordertally.streams.detection.daily_rate import DAILY_RATE
from bordertally.streams.errors import BordertallyError, shown
from bordertally.streams.replay.ground_truth import Surge

DateColumn = Annotated[str, typer.Option(help="The column of days.")]
PeopleColumn = Annotated[str, typer.Option(help="The column of people.")]
FlowColumns = Annotated[list[str] | None, typer.Option(help="The columns that name the flow, joined by :.")]
DateFormat = Annotated[str | None, typer.Option(help="As of strptime, say %d-%m-%Y; default: ISO 8601.")]
Only = Annotated[list[str] | None, typer.Option("--only", help="COLUMN=VALUE: only rows that have it; again for more.")]


class SeriesError(BordertallyError):
    """A file that is no such series, in one sentence with line, column and value."""


class SeriesColumns(NamedTuple):
    """How a file names what is in it. Several `flow` columns make one name, parts joined by a colon.

    `only`: what columns must hold for a row to be read.
    """

    date: str = "date"
    people: str = "people"
    flow: Sequence[str] = ()
    date_format: str | None = None
    only: Mapping[str, str] = MappingProxyType({})


def conditions(given: Sequence[str] | None) -> dict[str, str]:
    """`--only COLUMN=VALUE` as a mapping. Raises BordertallyError quoting what is none."""
    found = {}
    for one in given or ():
        column, equals, value = one.partition("=")
        if not (column and equals):
            raise BordertallyError(f"--only: {shown(one)} is no COLUMN=VALUE")
        found[column] = value
    return found


def read_series(path: Path, columns: SeriesColumns, name: str) -> dict[str, dict[int, float]]:
    """People by flow and ordinal day; all of one flow called `name` where there is no column of flows.

    Without columns of flows named, one called `flow` is taken if it is there and not held to one value. Rows of one
    flow and day are added up, rows without a figure are left out. Raises SeriesError.
    """
    found: dict[str, dict[int, float]] = {}
    for where, row in _rows(path, {columns.date, columns.people, *columns.flow, *columns.only}):
        text = row[columns.people].strip()
        if text and all(row[column].strip() == value for column, value in columns.only.items()):
            flows = columns.flow or (("flow",) if "flow" in row and "flow" not in columns.only else ())
            flow = ":".join(row[one].strip() for one in flows) or name
            day = _day(row[columns.date], columns.date_format, f"{where}: {columns.date}")
            held = found.setdefault(flow, {})
            held[day] = held.get(day, 0.0) + _figure(text, f"{where}: {columns.people}")
    if not found:
        raise SeriesError(f"{path}: no figure in it")
    return found


def read_surges(path: Path, rule: str = DAILY_RATE.name) -> dict[str, list[Surge]]:
    """What a rule is to find, by flow, oldest first, from the columns `first` and `last`: dates, inclusive.

    Columns `flow`, `why` and `rule` are taken if they are there; without flows all stand under the empty name, and
    without a rule a row is for `daily-rate`. Raises SeriesError.
    """
    found: dict[str, list[Surge]] = {}
    for where, row in _rows(path, {"first", "last"}):
        if (row.get("rule") or DAILY_RATE.name) != rule:
            continue
        first, last = (_day(row[name], None, f"{where}: {name}") for name in ("first", "last"))
        if last < first:
            raise SeriesError(f"{where}: last: {row['last']} must not be before first, {row['first']}")
        found.setdefault(row.get("flow", ""), []).append(Surge(first, last, row.get("why", "")))
    return {flow: sorted(those) for flow, those in found.items()}


def _rows(path: Path, needed: set[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Every row with the place it stands; columns are those of the first line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            names = reader.fieldnames or []
            for name in sorted(needed):
                if name not in names:
                    raise SeriesError(f"{path}: no column {name!r}; there are {', '.join(map(repr, names))}")
            for row in reader:
                yield f"{path}:{reader.line_num}", row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SeriesError(f"{path}: {getattr(error, 'strerror', None) or error}") from None


def _day(text: str, form: str | None, where: str) -> int:
    try:
        read = date.fromisoformat(text.strip()) if form is None else _dated(text.strip(), form)
    except ValueError:
        raise SeriesError(f"{where}: {text!r} is no date of the form {form or 'YYYY-MM-DD'}") from None
    return read.toordinal()


def _dated(text: str, form: str) -> date:
    return datetime.strptime(text, form).replace(tzinfo=UTC).date()


def _figure(text: str, where: str) -> float:
    try:
        figure = float(text)
    except ValueError:
        figure = -1.0
    if not (isfinite(figure) and figure >= 0):
        raise SeriesError(f"{where}: {text!r} is no number of people")
    return figure
