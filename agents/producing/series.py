"""Reads daily series and surges from CSV files with any column names, dates in any order, with or without a BOM."""

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

DateColumn = Annotated[str, typer.Option(help="The column with the day.")]
PeopleColumn = Annotated[str, typer.Option(help="The column with the number of people.")]
FlowColumns = Annotated[list[str] | None, typer.Option(help="The columns with the parts of the flow, joined by :.")]
DateFormat = Annotated[
    str | None, typer.Option(help="The format of days as for strptime, such as %d-%m-%Y; default: ISO 8601.")
]
Only = Annotated[
    list[str] | None, typer.Option("--only", help="COLUMN=VALUE: read only rows with this value; may be repeated.")
]


class SeriesError(BordertallyError):
    """The file is not a valid series; the message quotes line, column and value."""


class SeriesColumns(NamedTuple):
    """The column names of a file. The values of several `flow` columns are joined by colons.

    `only`: rows are read only when these columns have these values.
    """

    date: str = "date"
    people: str = "people"
    flow: Sequence[str] = ()
    date_format: str | None = None
    only: Mapping[str, str] = MappingProxyType({})


def conditions(given: Sequence[str] | None) -> dict[str, str]:
    """Return the `--only COLUMN=VALUE` options as a mapping. Raises BordertallyError that quotes a malformed one."""
    values = {}
    for condition in given or ():
        column, equals, value = condition.partition("=")
        if not (column and equals):
            raise BordertallyError(f"--only: {shown(condition)} is not of the form COLUMN=VALUE")
        values[column] = value
    return values


def read_series(path: Path, columns: SeriesColumns, name: str) -> dict[str, dict[int, float]]:
    """Return people by flow and ordinal day.

    Without `columns.flow`, the column `flow` is used if the file has one and `only` does not name it; else all rows
    belong to one flow called `name`. Rows of one flow and day are added up; rows without a figure are skipped. Raises
    SeriesError.
    """
    series: dict[str, dict[int, float]] = {}
    for where, row in _rows(path, {columns.date, columns.people, *columns.flow, *columns.only}):
        text = row[columns.people].strip()
        if text and all(row[column].strip() == value for column, value in columns.only.items()):
            flows = columns.flow or (("flow",) if "flow" in row and "flow" not in columns.only else ())
            flow = ":".join(row[column].strip() for column in flows) or name
            day = _day(row[columns.date], columns.date_format, f"{where}: {columns.date}")
            people = series.setdefault(flow, {})
            people[day] = people.get(day, 0.0) + _figure(text, f"{where}: {columns.people}")
    if not series:
        raise SeriesError(f"{path}: no row with a figure")
    return series


def equal_rows(path: Path, columns: SeriesColumns) -> list[tuple[str, str]]:
    """The places (`file:line`) of rows that equal an earlier row in every column, each after that of the earlier row.

    Raises SeriesError.
    """
    first: dict[tuple[str, ...], str] = {}
    equal = []
    for where, row in _rows(path, {columns.date, columns.people}):
        before = first.setdefault(tuple(map(str, row.values())), where)
        if before != where and row[columns.people].strip():
            equal.append((before, where))
    return equal


def read_surges(path: Path, rule: str = DAILY_RATE.name) -> dict[str, list[Surge]]:
    """Return the surges that `rule` should detect, by flow, oldest first.

    Columns: `first` and `last` (dates, inclusive); optional `flow` (default: the empty name), `why`, and `rule`
    (default: `daily-rate`). Raises SeriesError.
    """
    surges: dict[str, list[Surge]] = {}
    for where, row in _rows(path, {"first", "last"}):
        if (row.get("rule") or DAILY_RATE.name) != rule:
            continue
        first, last = (_day(row[name], None, f"{where}: {name}") for name in ("first", "last"))
        if last < first:
            raise SeriesError(f"{where}: last: {row['last']} must not be before first, {row['first']}")
        surges.setdefault(row.get("flow", ""), []).append(Surge(first, last, row.get("why", "")))
    return {flow: sorted(of_flow) for flow, of_flow in surges.items()}


def _rows(path: Path, needed: set[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield every row below the header as (`file:line`, values by column). Raises SeriesError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            names = reader.fieldnames or []
            for name in sorted(needed):
                if name not in names:
                    columns = ", ".join(map(repr, names)) or "none"
                    raise SeriesError(f"{path}: no column {name!r}; the columns are {columns}")
            for row in reader:
                yield f"{path}:{reader.line_num}", row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SeriesError(f"{path}: {getattr(error, 'strerror', None) or error}") from None


def _day(text: str, form: str | None, where: str) -> int:
    try:
        day = date.fromisoformat(text.strip()) if form is None else _parsed(text.strip(), form)
    except ValueError:
        raise SeriesError(f"{where}: {text!r} is not a date of the form {form or 'YYYY-MM-DD'}") from None
    return day.toordinal()


def _parsed(text: str, form: str) -> date:
    return datetime.strptime(text, form).replace(tzinfo=UTC).date()


def _figure(text: str, where: str) -> float:
    try:
        figure = float(text)
    except ValueError:
        figure = -1.0
    if not (isfinite(figure) and figure >= 0):
        raise SeriesError(f"{where}: {text!r} is not a number of people (zero or more)")
    return figure
