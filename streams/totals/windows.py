"""Totals: rolling windows over day bins, with the people projected, and how many flows below have reported."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import fsum

from bordertally.streams.ledger.citations import Gathered
from bordertally.streams.ledger.rows import PEOPLE, Key
from bordertally.streams.ledger.series import Sums
from bordertally.streams.ledger.tree import Node
from bordertally.streams.periods import iso_day
from bordertally.streams.totals.days import _bounds, _doubted, people
from bordertally.streams.totals.projection import projected, silent_days
from bordertally.streams.totals.records import Reporting, Total
from bordertally.streams.totals.revisions import after_revisions

WINDOWS = (1, 7, 30)
"""Days of each window, ascending. All else derives from it when asked, so a window is added or left out here alone."""

WEEK = 7
"""Days of the window that stands for a flow where only one is shown: in metrics, on a line, in evidence."""

assert sorted({*WINDOWS, WEEK}) == [*WINDOWS]

FRESH = 2
"""The number of newest days of a flow that still change; the sums of older days are cached."""


def longest_window() -> int:
    """Days of the longest window, and so the newest days that a state shows."""
    return max(WINDOWS)


def window_name(days: int) -> str:
    """How the API, its tables and Redis call a window: `7d`."""
    return f"{days}d"


def window_names() -> list[str]:
    """The names of all windows, the shortest first."""
    return [window_name(days) for days in WINDOWS]


def total_in(window_days: int, totals: Iterable[Total]) -> Total | None:
    """The total of one window out of those of a flow; None where the flow has none. Raises ValueError for no window."""
    if window_days not in WINDOWS:
        raise ValueError(f"{window_days} days are no window; there are {', '.join(window_names())}")
    for total in totals:  # no generator: it takes twice as long, and every state is asked
        if total.window_days == window_days:
            return total
    return None


def totals(node: Node, key: Key = PEOPLE, limit: int = 7) -> list[Total]:
    """The windows of a flow, ending with the last day that a claim on it or below it covers; empty without claims."""
    series, last = node.series.get(key), node.last(key)
    if series is None or last is None:
        return []
    oldest = last - longest_window()
    silent = sorted([day for day in silent_days(node, key, last, limit) if day > oldest])
    carried = {day: gain for day in silent if (gain := projected(node, key, day, limit))}
    doubts = node.doubts(key)
    as_of, reporting = iso_day(last + 1), _reporting(node, key, last)
    by_window = []
    for window, so_far, (cited, count) in _windows(node, key, last):
        first = last - window + 1
        gain = fsum([more for day, more in carried.items() if day >= first]) if carried else 0.0
        best, extra = people(so_far.best + gain), people(gain) if gain else 0
        bounded = so_far.days == window and not gain
        low, high = _bounds(so_far.low, so_far.best, so_far.high if bounded else None)
        if high is not None and doubts:
            high = max(high, _doubted({day: series.bins[day].high for day in range(first, last + 1)}, doubts))
        revised = None
        if window == WEEK and node.revised:
            revised = after_revisions(node, key, range(first, last + 1), so_far.best + gain)
        by_window.append(
            Total(
                node.flow,
                window,
                as_of,
                min(people(low), best),
                best,
                None if high is None else max(people(high), best),
                best - extra,
                extra,
                so_far.days,
                reporting,
                count,
                cited,
                key.population,
                key.unit,
                revised,
            )
        )
    return by_window


NOBODY_BELOW = Reporting(0, 0)


def _reporting(node: Node, key: Key, last: int) -> Reporting:
    """How many of the known children of a flow have spoken up to day `last`."""
    lasts = [series.last for series in node.below(key) if series.last is not None]
    return Reporting(lasts.count(last), len(lasts)) if lasts else NOBODY_BELOW


def _windows(node: Node, key: Key, last: int) -> Iterator[tuple[int, Sums, tuple[list[str], int]]]:
    """For each window that ends with day `last`: its length, the sums of its days, and the reports behind them.

    The newest days are added one by one; older days, which seldom change, as one run. The order of addition depends on
    the days alone, so sums do not depend on what was cached.
    """
    series, fresh = node.series[key], last - FRESH + 1
    so_far, evidence, end = Sums(), Gathered(), last + 1
    for window in WINDOWS:
        first = last - window + 1
        for day in range(end - 1, max(first, fresh) - 1, -1):
            bin_ = series.bins.get(day)
            if bin_ is not None:
                so_far = so_far.plus_day(bin_)
                node.gather(key, (day,), evidence, shorten=True)
        if first < fresh:
            older = series.stretch(first, min(end, fresh))
            so_far = so_far.plus(older.sums)
            node.gather_stretch(key, older, evidence)
        yield window, so_far, evidence.reports()
        end = first
