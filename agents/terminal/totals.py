"""Totals in the terminal: the tree of flows, alerts with their explanation, refused reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Literal, NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bordertally.streams.alerts.records import Alert, AlertState
from bordertally.streams.flows import depth, is_destination
from bordertally.streams.ledger.rows import PEOPLE
from bordertally.streams.replay.ledgers import ReplayResult
from bordertally.streams.replay.reports_by_hour import RejectedReport
from bordertally.streams.totals import windows
from bordertally.streams.totals.conflicts import FLOOR_WORDS
from bordertally.streams.totals.records import Conflict, DayFigure, FlowState, Noted, PeriodTotal, Total, Unlikely
from bordertally.streams.totals.windows import WEEK, longest_window, total_in
from bordertally.streams.totals.wording import interval

_COLOURS = {"notice": "yellow", "warning": "dark_orange", "critical": "bold red"}
_MARKS = {
    AlertState.FIRING: "▲ firing",
    AlertState.UPDATED: "△ updated",
    AlertState.RESOLVED: "▽ resolved",
    AlertState.WITHDRAWN: "✕ withdrawn",
}


def people(total: Total) -> str:
    """A total with its bounds: `217,000 (at least 196,929)`; only the figure if it is exact."""
    bounds = interval(total)
    return f"{total.best:,} ({bounds})" if bounds else f"{total.best:,}"


_BARS = "▁▂▃▄▅▆▇█"


def spark(days: Sequence[DayFigure], as_of: str, length: int = 9) -> str:
    """The best figures of the days before `as_of` as bars; the highest bar is full, a dot is a day without a claim."""
    best = {figure.day: figure.best for figure in days}
    end = date.fromisoformat(as_of)
    values = [best.get((end - timedelta(days=back)).isoformat()) for back in range(length, 0, -1)]
    top = max((value for value in values if value is not None), default=0) or 1
    return "".join("·" if value is None else _BARS[value * (len(_BARS) - 1) // top] for value in values)


class _Column(NamedTuple):
    """A column of the table of totals. In a narrow terminal the columns with the highest `rank` are left out first."""

    name: str
    rank: int
    cells: list[str]
    justify: Literal["left", "right"] = "right"

    @property
    def width(self) -> int:
        """Characters of its widest cell."""
        return max(map(len, (self.name, *self.cells)))


GAP = 2
"""Characters between two columns."""


def show_totals(console: Console, totals: Sequence[Total], days: Sequence[DayFigure], normal: dict[str, str]) -> None:
    """Print a table of the flows by origin; then one by destination, which adds the same people up once more."""
    arrivals = [total for total in totals if is_destination(total.flow)]
    departures = [total for total in totals if not is_destination(total.flow)]
    console.print(totals_table(departures, days, normal, console.width), crop=False, soft_wrap=True)
    if arrivals:
        table = totals_table(arrivals, days, normal, console.width, "People by destination")
        console.print()
        console.print(table, crop=False, soft_wrap=True)


def totals_table(
    totals: Sequence[Total],
    days: Sequence[DayFigure],
    normal: dict[str, str],
    width: int,
    title: str = "People by flow",
) -> Table:
    """A row per flow, in the order of the tree: totals of every window, coverage, number of reports, normal level.

    The table has the columns that fit `width` characters, and always the flow and its week; no figure is cut.
    """
    columns = _columns(totals, days, normal)
    shown = next(
        (choice for choice in _choices(columns) if sum(column.width + GAP for column in choice) - GAP <= width),
        [column for column in columns if column.rank == 0],
    )
    table = Table(title=f"{title}: best, low to high", title_justify="left", box=box.SIMPLE_HEAD, show_edge=False)
    table.padding = (0, GAP - 1, 0, 0)  # the box has a space between columns
    for column in shown:
        table.add_column(column.name, justify=column.justify, no_wrap=True, min_width=column.width)
    for row in zip(*(column.cells for column in shown), strict=True):
        table.add_row(*row)
    return table


def _choices(columns: Sequence[_Column]) -> Iterator[list[_Column]]:
    """All columns, then without those of the highest rank, and so on."""
    for most in sorted({column.rank for column in columns}, reverse=True):
        yield [column for column in columns if column.rank <= most]


def _columns(totals: Sequence[Total], figures: Sequence[DayFigure], normal: dict[str, str]) -> list[_Column]:
    by_flow: dict[str, list[Total]] = {}
    for total in totals:
        by_flow.setdefault(total.flow, []).append(total)
    days: dict[str, list[DayFigure]] = {}
    for figure in figures:
        days.setdefault(figure.flow, []).append(figure)
    flows = sorted(by_flow)
    weeks = [_of(WEEK, by_flow[flow]) for flow in flows]
    longest = [_of(longest_window(), by_flow[flow]) for flow in flows]
    last = [date.fromisoformat(week.as_of) - timedelta(days=1) for week in weeks]
    columns = [
        _Column("flow", 0, list(map(_indented, flows)), "left"),
        _Column(
            "last days", 5, [spark(days[flow], week.as_of) for flow, week in zip(flows, weeks, strict=True)], "left"
        ),
        _Column("to", 4, [f"{day:%d %b}" for day in last], "left"),
    ]
    for place, length in enumerate(windows.WINDOWS):
        column = [_of(length, by_flow[flow]) for flow in flows]
        best, bounds = (0, 0) if length == WEEK else (2, 6) if place == 0 else (8 + place, 8 + place)
        columns += [
            _Column(f"{length} day{'' if length == 1 else 's'}", best, [f"{total.best:,}" for total in column]),
            _Column("low to high", bounds, [interval(total) for total in column], "left"),
        ]
    reporting = [week.reporting for week in weeks]
    return [
        *columns,
        _Column("projected", 7, [f"{week.projected:,}" if week.projected else "" for week in weeks]),
        _Column("reporting", 3, [f"{share.spoken} of {share.known}" if share.known else "" for share in reporting]),
        _Column("reports", 8, [f"{total.report_count:,}" for total in longest]),
        _Column("normal a day", 1, [normal.get(flow, "no baseline") for flow in flows], "left"),
    ]


def _indented(flow: str) -> str:
    """The last part of a flow, indented by its depth; a destination is named with its `*`."""
    level = depth(flow) - is_destination(flow)
    return "  " * level + (flow.rpartition(":")[2] if level else flow)


def _of(length: int, totals: Sequence[Total]) -> Total:
    total = total_in(length, totals)
    assert total is not None  # a flow has all windows or none
    return total


def periods_table(totals: Sequence[PeriodTotal]) -> Table:
    """A row per flow and period: people, low to high, and how many of its days claims cover."""
    title = "People by period: best, low to high, nothing projected"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False)
    for name in ("flow", "period", "people", "low to high", "days covered"):
        table.add_column(name, justify="right" if name in ("people", "days covered") else "left", no_wrap=True)
    for total in totals:
        length = (date.fromisoformat(total.to) - date.fromisoformat(total.first)).days
        table.add_row(total.flow, total.period, f"{total.best:,}", interval(total), f"{total.covered_days} of {length}")
    return table


def alert_line(alert: Alert) -> Text:
    """An alert record on one line, coloured by severity."""
    done = not alert.state.is_open
    text = Text(f"{_MARKS[alert.state]:<12}", style="green" if done else _COLOURS[alert.severity])
    text.append(f"{alert.severity:<9}", style="dim" if done else _COLOURS[alert.severity])
    text.append(alert.explanation, style="default")
    if alert.backfill:
        text.append("; a backfill: nobody is notified", style="dim")
    return text


def rejects_table(rejected: Sequence[RejectedReport]) -> Table:
    """A table of refused reports: reason, field, value, explanation."""
    table = Table(title="Refused", title_justify="left", header_style="bold")
    for name in ("report", "reason", "field", "value", "why"):
        table.add_column(name, overflow="fold")
    for report in rejected:
        table.add_row(report.report or "?", report.reason, report.field, report.value, report.why)
    return table


def show_outcome(
    console: Console, outcome: ReplayResult, normal: dict[str, str], quotes: Mapping[str, Sequence[str]] | None = None
) -> None:
    """Print totals, the newest record of each alert, conflicts, unlikely and not totalled claims, and refused reports.

    `quotes`: the words of reports by `source/id`; they are printed below the alerts that cite the report.
    """
    show_totals(console, outcome.totals, outcome.days, normal)
    for total in outcome.totals:
        if total.after_revisions is not None:
            low, high = total.after_revisions.low, total.after_revisions.high
            console.print(
                f"After revisions: {total.flow} {total.window_days} days {low:,} to {high:,}", highlight=False
            )
    if outcome.periods:
        console.print()
        console.print(periods_table(outcome.periods), crop=False, soft_wrap=True)
    console.print()
    console.print(Text("Alerts", style="bold"))
    newest = {alert.id: alert for alert in outcome.alerts}
    for alert in newest.values():
        console.print(alert_line(alert))
        for report in alert.reports:
            for quote in (quotes or {}).get(report, ()):
                console.print(Text(f"{'':<12}“{quote}” ({report})", style="dim"), soft_wrap=True)
    if not newest:
        console.print("none")
    _show_claims(console, outcome)
    if outcome.rejected:
        console.print(rejects_table(outcome.rejected))


def _show_claims(console: Console, outcome: ReplayResult) -> None:
    """Print conflicts, unlikely claims, and those that are not totalled or added up."""
    for conflict in outcome.conflicts:
        console.print(_conflict_line(conflict), soft_wrap=True)
    for unlikely in outcome.unlikely:
        console.print(
            f"Unlikely: {unlikely.flow} {unlikely.people:,} {unlikely.population} {_days_of(unlikely)} "
            f"({unlikely.source}): {unlikely.why}"
        )
    for noted in outcome.noted:
        title = "Added up" if noted.counted else "Not totalled"
        figure = f"{noted.flow} {noted.people:,} {noted.population} {_days_of(noted)}"
        console.print(f"{title}: {figure} ({noted.source}, {noted.why})")


def _conflict_line(conflict: Conflict) -> str:
    """A conflict in words: which claim misses which more trusted ones, by how many people and per cent."""
    about = "" if (conflict.population, conflict.unit) == PEOPLE else f" ({conflict.population}, {conflict.unit})"
    rivals = ", ".join(
        f"{rival.report or FLOOR_WORDS[rival.bound or 'children']} by {rival.gap:,} ({rival.percent:g} %)"
        for rival in conflict.with_
    )
    claim = f"{conflict.report} misses" if conflict.report else f"{FLOOR_WORDS[conflict.bound or 'children']} miss"
    return f"Conflict on {conflict.flow}{about}, {_days_of(conflict)}: {claim} {rivals}"


def _days_of(claim: Conflict | Noted | Unlikely) -> str:
    """The days that a claim is about: `2022-09-21 to 2022-09-27`, or the one day."""
    return claim.first_day if claim.first_day == claim.last_day else f"{claim.first_day} to {claim.last_day}"


def normal_levels(states: Sequence[FlowState]) -> dict[str, str]:
    """The normal level of each flow as the table shows it, by flow."""
    return {
        state.flow: f"{state.baseline.expected:,.0f} ({state.baseline.kind})"
        if state.comparable or (state.rate or 0.0) > state.baseline.threshold
        else "cannot be compared"
        for state in states
        if state.baseline is not None
    }
