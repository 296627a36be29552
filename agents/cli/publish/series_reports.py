"""The command `reports`: a daily series becomes reports."""

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
from bordertally.agents.terminal.console import counted, err, instant
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
    for name, days in read_series(file, columns, "").items():
        held = series.setdefault(path_of(name, flow), {})
        for day, people in days.items():  # two spellings of a name are one flow
            held[day] = held.get(day, 0.0) + people
    count = 0
    for raw in reports_of(series, Attribution(source, qualifier.value, moment)):
        sys.stdout.buffer.write(raw + b"\n")
        count += 1
    err.print(f"{counted(count, 'report')} of {counted(len(series), 'flow')}", highlight=False)
