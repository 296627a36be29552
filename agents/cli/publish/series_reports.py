"""The command `reports`: a daily series becomes reports."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bordertally.agents.producing.series import (
    DateColumn,
    DateFormat,
    FlowColumns,
    Only,
    PeopleColumn,
    SeriesColumns,
    conditions,
    equal_rows,
    read_series,
)
from bordertally.agents.terminal.console import counted, err, instant, write_json
from bordertally.streams.errors import BordertallyError, shown
from bordertally.streams.flows import Flow
from bordertally.streams.qualifiers import Qualifier
from bordertally.streams.replay.series_reports import Attribution, path_of, reports_of


def reports(  # noqa: PLR0913, PLR0917 - the options of a command
    file: Annotated[Path, typer.Argument(help="A daily series (CSV).")],
    source: Annotated[str, typer.Option(help="The source in the registry that reports it.")],
    flow: Annotated[
        str | None, typer.Option(help="The flow of the series; with --flow-column, the flow above.")
    ] = None,
    qualifier: Annotated[Qualifier, typer.Option(help="The qualifier of the figures.")] = Qualifier.COUNT,
    published: Annotated[
        str | None,
        typer.Option(help="When all of it was published (date or date-time). Default: each day after its end."),
    ] = None,
    date_column: DateColumn = "date",
    people_column: PeopleColumn = "people",
    flow_column: FlowColumns = None,
    date_format: DateFormat = None,
    only: Only = None,
) -> None:
    """Turn a daily series (CSV) into reports, one per day.

    The reports go to standard output, one JSON object per line.
    """
    columns = SeriesColumns(date_column, people_column, flow_column or (), date_format, conditions(only))
    moment = None if published is None else datetime.fromtimestamp(instant(published, "--published"), UTC)
    series: dict[Flow, dict[int, float]] = {}
    names: dict[Flow, str] = {}
    for name, days in read_series(file, columns, "").items():
        path = path_of(name, flow)
        _check_spelling(names.setdefault(path, name), name, path)
        people_by_day = series.setdefault(path, {})
        for day, people in days.items():  # two spellings of a name are one flow
            people_by_day[day] = people_by_day.get(day, 0.0) + people
    doubled = equal_rows(file, columns)
    for earlier, later in doubled[:MOST_DOUBLED]:
        _warn(f"{later}: equals {earlier} in every column; both are added up. If one is a copy, delete it")
    if len(doubled) > MOST_DOUBLED:
        _warn(f"{len(doubled) - MOST_DOUBLED:,} more rows equal an earlier one")
    count = 0
    for raw in reports_of(series, Attribution(source, qualifier.value, moment)):
        write_json(raw)
        count += 1
    err.print(f"{counted(count, 'report')} of {counted(len(series), 'flow')}", highlight=False)


MOST_DOUBLED = 10
"""Rows that equal an earlier one and are named; the others are counted."""

_BETWEEN = re.compile(r"[\W_]+")


def _check_spelling(first: str, second: str, path: Flow) -> None:
    """Refuse two names that would be one flow, unless they differ in capitals and punctuation only."""
    if _BETWEEN.sub("", first.casefold()) != _BETWEEN.sub("", second.casefold()):
        raise BordertallyError(f"{shown(first)} and {shown(second)} would both be {path}; rename one of them")


def _warn(text: str) -> None:
    err.print(text, markup=False, highlight=False, soft_wrap=True)
