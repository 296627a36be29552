"""The command `bordertally reports`: a daily series as reports, to be published, replayed or gone back over."""

from __future__ import annotations

import sys
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
    read_series,
)
from bordertally.agents.terminal.console import err, instant
from bordertally.streams.flows import Flow
from bordertally.streams.qualifiers import Qualifier
from bordertally.streams.replay.series_reports import Attribution, path_of, reports_of


def reports(  # noqa: PLR0913, PLR0917 - the options of a command
    file: Annotated[Path, typer.Argument(help="A daily series (.csv).")],
    source: Annotated[str, typer.Option(help="Who reports it, as the source registry names it.")],
    flow: Annotated[
        str | None, typer.Option(help="The flow it is of; with columns of flows, the one they lie below.")
    ] = None,
    qualifier: Annotated[Qualifier, typer.Option(help="How the figures are put.")] = Qualifier.COUNT,
    published: Annotated[
        str | None, typer.Option(help="When all of it was published: a date or a date-time; default: day by day.")
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
    for name, days in read_series(file, columns, "").items():
        held = series.setdefault(path_of(name, flow), {})
        for day, people in days.items():  # two names that are written differently are one flow
            held[day] = held.get(day, 0.0) + people
    count = 0
    for raw in reports_of(series, Attribution(source, qualifier.value, moment)):
        sys.stdout.buffer.write(raw + b"\n")
        count += 1
    err.print(f"{count:,} reports of {len(series)} flow{'s' if len(series) > 1 else ''}", highlight=False)
