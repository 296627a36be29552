"""What a person sees in the terminal: the tree of totals, alerts with their explanation, rejects."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from streams.records import Alert, AlertState, FlowState, Total
from streams.replay import Outcome, Refusal

_COLOURS = {"notice": "yellow", "warning": "dark_orange", "critical": "bold red"}
_MARKS = {
    AlertState.FIRING: "▲ firing",
    AlertState.UPDATED: "△ updated",
    AlertState.RESOLVED: "▽ resolved",
    AlertState.WITHDRAWN: "✕ withdrawn",
}


def figure(total: Total) -> str:
    """`217,000 [196,929 - open]`; just the figure where it is exact."""
    if total.low == total.best == total.high:
        return f"{total.best:,}"
    high = "open" if total.high is None else f"{total.high:,}"
    return f"{total.best:,} [{total.low:,} - {high}]"


def totals_table(totals: Sequence[Total], normal: dict[str, str]) -> Table:
    """The tree of flows, a row each: 1, 7 and 30 days, how many reports, who is reporting, what is normal."""
    table = Table(title="People by flow: best [low - high]", title_justify="left", header_style="bold")
    for name in ("flow", "until", "1 day", "7 days", "30 days", "projected", "reporting", "reports", "normal a day"):
        table.add_column(name, justify="left" if name in ("flow", "until", "normal a day") else "right")
    by_flow: dict[str, list[Total]] = {}
    for total in totals:
        by_flow.setdefault(total.flow, []).append(total)
    for flow, windows in sorted(by_flow.items()):
        day, week, month = windows
        parts = flow.split(":")
        label = "  " * (len(parts) - 1) + (flow if len(parts) < 2 else parts[-1])
        known = f"{week.reporting.spoken} of {week.reporting.known}" if week.reporting.known else ""
        table.add_row(
            label,
            week.as_of,
            figure(day),
            figure(week),
            figure(month),
            f"{week.projected:,}" if week.projected else "",
            known,
            f"{month.report_count:,}",
            normal.get(flow, "no baseline"),
        )
    return table


def alert_line(alert: Alert) -> Text:
    """One alert record, coloured by severity."""
    done = alert.state in (AlertState.RESOLVED, AlertState.WITHDRAWN)
    text = Text(f"{_MARKS[alert.state]:<12}", style="green" if done else _COLOURS[alert.severity])
    text.append(f"{alert.severity:<9}", style="dim" if done else _COLOURS[alert.severity])
    text.append(alert.explanation, style="default")
    return text


def rejects_table(rejected: Sequence[Refusal]) -> Table:
    """Refused reports, with the reason, the field and the value."""
    table = Table(title="Refused", title_justify="left", header_style="bold")
    for name in ("report", "reason", "field", "value", "why"):
        table.add_column(name)
    for one in rejected:
        table.add_row(one.report or "?", one.reason, one.field, one.value, one.why)
    return table


def show_outcome(console: Console, outcome: Outcome, normal: dict[str, str]) -> None:
    """Everything: totals, alerts, what conflicts, what is shown and not totalled, what was refused."""
    console.print(totals_table(outcome.totals, normal))
    console.print(Text("Alerts", style="bold"))
    newest = {alert.id: alert for alert in outcome.alerts}
    for alert in newest.values():
        console.print(alert_line(alert))
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
        for state in states
        if state.baseline is not None
    }
