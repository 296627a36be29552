"""Totals: rolling windows over day bins, projection of those who have not spoken yet, and how sure it all is."""

from __future__ import annotations

from collections.abc import Iterator
from math import fsum

from bordertally.streams.ledger.citations import Gathered
from bordertally.streams.ledger.rows import PEOPLE, Key
from bordertally.streams.ledger.series import Sums
from bordertally.streams.ledger.tree import Node
from bordertally.streams.periods import iso_day
from bordertally.streams.totals.days import _bounds, _doubted, people
from bordertally.streams.totals.projection import projected, silent_days
from bordertally.streams.totals.records import Reporting, Total

WINDOWS = (1, 7, 30)
LONGEST = max(WINDOWS)

FRESH = 2
"""The newest days of a flow, which still move; what those before them come to is kept at hand."""


def totals(node: Node, key: Key = PEOPLE, limit: int = 7) -> list[Total]:
    """The windows of a flow that end with the latest day any claim on it or below it covers; none before a claim."""
    series, last = node.series.get(key), node.last(key)
    if series is None or last is None:
        return []
    silent = sorted([day for day in silent_days(node, key, last, limit) if day > last - LONGEST])
    carried = {day: gain for day in silent if (gain := projected(node, key, day, limit))}
    doubts = node.doubts(key)
    lasts = [one.last for one in node.below(key) if one.last is not None]
    as_of, reporting = iso_day(last + 1), Reporting(lasts.count(last), len(lasts))
    found = []
    for window, so_far, (cited, count) in _windows(node, key, last):
        first = last - window + 1
        gain = fsum([more for day, more in carried.items() if day >= first]) if carried else 0.0
        best, extra = people(so_far.best + gain), people(gain)
        bounded = so_far.days == window and not gain
        low, high = _bounds(so_far.low, so_far.best, so_far.high if bounded else None)
        if high is not None and doubts:
            high = max(high, _doubted({day: series.bins[day].high for day in range(first, last + 1)}, doubts))
        found.append(
            Total(
                flow=node.flow,
                window_days=window,
                as_of=as_of,
                low=min(people(low), best),
                best=best,
                high=None if high is None else max(people(high), best),
                observed=best - extra,
                projected=extra,
                covered_days=so_far.days,
                reporting=reporting,
                report_count=count,
                reports=cited,
                population=key.population,
                unit=key.unit,
            )
        )
    return found


def _windows(node: Node, key: Key, last: int) -> Iterator[tuple[int, Sums, tuple[list[str], int]]]:
    """Each window that ends with a day: its length, what its days come to, and the reports behind them.

    The newest days are added one by one, those before them, which seldom move, at once. The order in which days are
    added up depends on the days alone, so sums do not depend on what was at hand.
    """
    series, fresh = node.series[key], last - FRESH + 1
    so_far, evidence, end = Sums(), Gathered(), last + 1
    for window in WINDOWS:
        first = last - window + 1
        for day in range(end - 1, max(first, fresh) - 1, -1):
            held = series.bins.get(day)
            if held is not None:
                so_far = so_far.plus_day(held)
                node.gather(key, (day,), evidence, shorten=True)
        if first < fresh:
            older = series.stretch(first, min(end, fresh))
            so_far = so_far.plus(older.sums)
            node.gather_stretch(key, older, evidence)
        yield window, so_far, evidence.reports()
        end = first
