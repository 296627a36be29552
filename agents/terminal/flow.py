"""One flow in the terminal: its totals, its alerts, and its days as a chart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from rich.console import Console
from rich.text import Text

from bordertally.agents.terminal.totals import alert_line, normal_levels
from bordertally.streams.alerts.records import Alert
from bordertally.streams.totals.records import DayFigure, FlowState
from bordertally.streams.totals.wording import interval

EIGHTHS = " ▏▎▍▌▋▊▉"
SHORTEST_BAR = 10
"""Characters of the longest bar at least; in a narrow terminal low and high are left out before figures are cut."""


def show_flow(console: Console, state: FlowState, alerts: Sequence[Alert]) -> None:
    """Print the totals of every window, the normal level, the open alerts (`alerts`), and a bar for each day."""
    last = date.fromisoformat(state.totals[0].as_of) - timedelta(days=1) if state.totals else None
    until = "" if last is None else f", to {last:%d %b %Y}"
    console.print(Text(f"{state.flow}{until}", style="bold"), soft_wrap=True)
    names = [f"{total.window_days} day{'' if total.window_days == 1 else 's'}" for total in state.totals]
    figures = [f"{total.best:,}" for total in state.totals]
    for name, figure, total in zip(names, figures, state.totals, strict=True):
        line = f"{name:>{_widest(names)}}  {figure:>{_widest(figures)}}  {interval(total)}".rstrip()
        console.print(Text(line + (f", {total.projected:,} projected" if total.projected else "")), soft_wrap=True)
    normal = normal_levels([state]).get(state.flow)
    console.print(Text(f"normal a day: {normal or 'no baseline'}"), soft_wrap=True)
    for alert in alerts:
        console.print(alert_line(alert), soft_wrap=True)
    console.print()
    threshold = None if state.baseline is None else state.baseline.threshold
    for row in day_chart(state.days, threshold, console.width):
        console.print(row, soft_wrap=True)
    if threshold is not None:
        console.print(Text(f"▲ above the threshold, {threshold:,.0f} a day", style="dim"), soft_wrap=True)


def day_chart(days: Sequence[DayFigure], threshold: float | None, width: int) -> list[Text]:
    """A line for each day from the first to the last: the day, its people, a bar, and ▲ above the threshold.

    The bars begin at zero, and the longest stands for the largest day. Low and high are left out where they do not fit
    `width` characters beside a bar; no figure is cut.
    """
    known = {date.fromisoformat(figure.day): figure for figure in days}
    if not known:
        return []
    first, last = min(known), max(known)
    every = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    labels = {day: f"{day:%d %b}" for day in every}
    figures = {day: f"{figure.best:,}" for day, figure in known.items()}
    bounds = {day: interval(figure) for day, figure in known.items()}
    rest = width - _widest(labels.values()) - _widest(figures.values()) - len("  ") * 2 - len(" ▲")
    with_bounds = rest - _widest(bounds.values()) - len("  ") >= SHORTEST_BAR
    length = max(SHORTEST_BAR, rest - (_widest(bounds.values()) + len("  ") if with_bounds else 0))
    largest = max(figure.best for figure in known.values()) or 1
    rows = []
    for day in every:
        row = Text(f"{labels[day]}  {figures.get(day, '-'):>{_widest(figures.values())}}  ")
        if (figure := known.get(day)) is not None:
            if with_bounds:
                row.append(f"{bounds[day]:<{_widest(bounds.values())}}  ", style="dim")
            above = threshold is not None and figure.best > threshold
            row.append(bar(figure.best, largest, length), style="dark_orange" if above else "cyan")
            row.append(" ▲" if above else "", style="dark_orange")
        row.rstrip()
        rows.append(row)
    return rows


def bar(value: int, largest: int, length: int) -> str:
    """A bar of `length` characters for `largest`, and of the share of them for `value`, to an eighth of one."""
    eighths = round(value / largest * length * len(EIGHTHS))
    return ("█" * (eighths // len(EIGHTHS)) + EIGHTHS[eighths % len(EIGHTHS)]).rstrip()


def _widest(texts: Iterable[str]) -> int:
    return max(map(len, texts), default=0)
