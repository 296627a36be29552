"""What a person sees in the terminal: the tree of totals, alerts with their explanation, rejects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bordertally.streams.alerts.records import Alert, AlertState
from bordertally.streams.replay.ledgers import ReplayResult
from bordertally.streams.replay.reports_by_hour import RejectedReport
from bordertally.streams.totals import windows
from bordertally.streams.totals.records import DayFigure, FlowState, Total
from bordertally.streams.totals.windows import WEEK, longest_window, total_in

_COLOURS = {"notice": "yellow", "warning": "dark_orange", "critical": "bold red"}
_MARKS = {
    AlertState.FIRING: "▲ firing",
    AlertState.UPDATED: "△ updated",
    AlertState.RESOLVED: "▽ resolved",
    AlertState.WITHDRAWN: "✕ withdrawn",
}


def people(total: Total) -> str:
    """`98,000  97,500 to 98,500`, `217,000  at least 196,929`; just the figure where it is exact."""
    if total.low == total.best == total.high:
        return f"{total.best:,}"
    if total.high is None:
        return f"{total.best:,}  at least {total.low:,}"
    return f"{total.best:,}  {total.low:,} to {total.high:,}"


_BARS = "▁▂▃▄▅▆▇█"


def spark(days: Sequence[DayFigure], as_of: str, length: int = 9) -> str:
    """The best figures of the last days before `as_of` as bars, scaled to the highest; a dot where nobody spoke."""
    best = {figure.day: figure.best for figure in days}
    end = date.fromisoformat(as_of)
    values = [best.get((end - timedelta(days=back)).isoformat()) for back in range(length, 0, -1)]
    top = max((value for value in values if value is not None), default=0) or 1
    return "".join("·" if value is None else _BARS[value * (len(_BARS) - 1) // top] for value in values)


def totals_table(outcome: ReplayResult, normal: dict[str, str]) -> Table:
    """The tree of flows, a row each: every window, how many reports, who is reporting, what is normal."""
    table = Table(title="People by flow: best, low to high", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("flow", "last days", "to"):
        table.add_column(name, no_wrap=True)
    lengths = [f"{days} day{'' if days == 1 else 's'}" for days in windows.WINDOWS]
    for name in (*lengths, "projected", "reporting", "reports"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("normal a day", no_wrap=True)
    by_flow: dict[str, list[Total]] = {}
    for total in outcome.totals:
        by_flow.setdefault(total.flow, []).append(total)
    days: dict[str, list[DayFigure]] = {}
    for figure in outcome.days:
        days.setdefault(figure.flow, []).append(figure)
    for flow, totals in sorted(by_flow.items()):
        parts, week, longest = flow.split(":"), total_in(WEEK, totals), total_in(longest_window(), totals)
        assert week is not None  # a flow has all windows or none
        assert longest is not None
        last = date.fromisoformat(week.as_of) - timedelta(days=1)
        table.add_row(
            "  " * (len(parts) - 1) + parts[-1],
            spark(days[flow], week.as_of),
            f"{last:%d %b}",
            *(people(total) for total in totals),
            f"{week.projected:,}" if week.projected else "",
            f"{week.reporting.spoken} of {week.reporting.known}" if week.reporting.known else "",
            f"{longest.report_count:,}",
            normal.get(flow, "no baseline"),
        )
    return table


def alert_line(alert: Alert) -> Text:
    """One alert record, coloured by severity."""
    done = not alert.state.is_open
    text = Text(f"{_MARKS[alert.state]:<12}", style="green" if done else _COLOURS[alert.severity])
    text.append(f"{alert.severity:<9}", style="dim" if done else _COLOURS[alert.severity])
    text.append(alert.explanation, style="default")
    return text


def rejects_table(rejected: Sequence[RejectedReport]) -> Table:
    """Refused reports, with the reason, the field and the value."""
    table = Table(title="Refused", title_justify="left", header_style="bold")
    for name in ("report", "reason", "field", "value", "why"):
        table.add_column(name)
    for one in rejected:
        table.add_row(one.report or "?", one.reason, one.field, one.value, one.why)
    return table


def show_outcome(
    console: Console, outcome: ReplayResult, normal: dict[str, str], quotes: Mapping[str, Sequence[str]] | None = None
) -> None:
    """Everything: totals, alerts, what conflicts, what is shown and not totalled, what was refused.

    `quotes`: by report, the words in which its claims were put; they stand below the alerts that rest on them.
    """
    console.print(totals_table(outcome, normal))
    console.print(Text("Alerts", style="bold"))
    newest = {alert.id: alert for alert in outcome.alerts}
    for alert in newest.values():
        console.print(alert_line(alert))
        for report in alert.reports:
            for quote in (quotes or {}).get(report, ()):
                console.print(Text(f"{'':<12}“{quote}” ({report})", style="dim"), soft_wrap=True)
    if not newest:
        console.print("none")
    for conflict in outcome.conflicts:
        rivals = ", ".join(conflict.with_)
        console.print(f"Conflict on {conflict.flow}: {conflict.report} misses by {conflict.gap:,} beside {rivals}")
    for one in outcome.noted:
        console.print(
            f"Not totalled: {one.flow} {one.people:,} {one.population} {one.first_day} to {one.last_day} "
            f"({one.source}, {one.why})"
        )
    if outcome.rejected:
        console.print(rejects_table(outcome.rejected))


def normal_levels(states: Sequence[FlowState]) -> dict[str, str]:
    """What the table says of each flow's normal level."""
    return {
        state.flow: f"{state.baseline.expected:,.0f} ({state.baseline.kind})"
        if state.comparable or (state.rate or 0.0) > state.baseline.threshold
        else "cannot be compared"
        for state in states
        if state.baseline is not None
    }
