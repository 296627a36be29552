"""Totals: rolling windows over day bins, projection of those who have not spoken yet, and how sure it all is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from math import fsum
from typing import cast

import msgspec

from streams.counts import PEOPLE, Key
from streams.evidence import Gathered
from streams.ledger import Node
from streams.ledger import evidence as evidence_of
from streams.memo import Written
from streams.periods import days_of, iso_day
from streams.reconcile import Bin
from streams.records import Conflict, DayFigure, Noted, Reporting, Total
from streams.series import Sums, Unverified, period_of
from streams.sources import WEIGHT

UNKNOWN = Bin(0.0, 0.0, None, False)
"""A day of which no claim is in force."""

WINDOWS = (1, 7, 30)
LONGEST = max(WINDOWS)

FRESH = 2
"""The newest days of a flow, which still move; what those before them come to is kept at hand."""


def people(value: float) -> int:
    """Whole people, halves up: rounding happens here, at the edge, and nowhere before."""
    return int(value + 0.5)


def projected(node: Node, key: Key, day: int, limit: int) -> float:
    """People of a day that nobody has reported yet: what best gains by carrying last rates on.

    A flow whose own claims end before `day` goes on at their last full daily rate for at most `limit` days, and so
    does every flow below it; the larger of the two is what the day holds. Days its own claims cover gain nothing.
    """
    if not node.children:  # nothing below it: only its own last rate can be carried on
        last = node.own_last(key)
        if last is None or not last < day <= last + limit:
            return 0.0
    if node.own_covers(key, day):
        return 0.0
    series = node.series.get(key)
    held = series.bins.get(day) if series is not None else None
    observed = held.best if held else 0.0
    own = _carried(node, key, day, limit)
    below = 0.0
    for child in node.children.values():
        one = child.series.get(key)
        if one is not None:
            bin_ = one.bins.get(day)
            below += (bin_.best if bin_ else 0.0) + projected(child, key, day, limit)
    gain = max(own, below) - observed
    return gain if gain > 1e-9 * max(1.0, observed) else 0.0


def silent_days(node: Node, key: Key, last: int, limit: int) -> set[int]:
    """The days up to `last` onto which this flow or one below it may be carried on: the only ones that can gain."""
    lasts = [own for own in node.lasts(key) if own < last]
    return {day for own in lasts for day in range(own + 1, min(last, own + limit) + 1)} if lasts else set()


def _carried(node: Node, key: Key, day: int, limit: int) -> float:
    last = node.own_last(key)
    if last is None or not last < day <= last + limit:
        return 0.0
    bins = node.series[key].bins
    for back in range(last, last - limit, -1):  # a day still in progress is no daily rate
        if (held := bins.get(back)) is not None and held.full and node.own_covers(key, back):
            return held.best
    return bins[last].best if last in bins else 0.0


def finished(node: Node, key: Key, day: int, limit: int) -> bool:
    """Whether a day counts as over: nothing is projected onto it, and it is covered whole or a later day is."""
    series = node.series.get(key)
    held = series.bins.get(day) if series is not None else None
    last = node.last(key)
    if held is None or last is None:
        return False
    return (held.full or day < last) and projected(node, key, day, limit) == 0.0


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


def _bounds(low: float, best: float, high: float | None) -> tuple[float, float | None]:
    """Low and high of days: the scenarios summed, put in order."""
    if high is None:
        return min(low, best), None
    return min(low, best, high), max(high, best, low)


def _doubted(highs: Mapping[int, float | None], doubts: list[Unverified]) -> float:
    """The highest that unverified claims make of days, all with a high, that they touch."""
    most = 0.0
    for doubt in doubts:
        inside = [day for day in highs if doubt.first_day <= day <= doubt.last_day]
        if inside:
            share = doubt.people * len(inside) / (doubt.last_day - doubt.first_day + 1)
            rest = fsum([one or 0.0 for day, one in highs.items() if not doubt.first_day <= day <= doubt.last_day])
            most = max(most, share + rest)
    return most


def day_figures(
    node: Node, key: Key = PEOPLE, days: int | None = None, besides: Collection[int] = ()
) -> list[DayFigure]:
    """The days of a flow that claims cover, oldest first.

    With `days`, only the last so many, and those `besides`: one of them on which every claim was withdrawn holds 0 to
    open.
    """
    series = node.series.get(key)
    if series is None:
        return []
    last = node.last(key)
    if days is None:
        window: Iterable[int] = sorted(series.bins)
    else:
        window = range(0) if last is None else range(last - days + 1, last + 1)
    figures = node.memo.figures if key == PEOPLE else {}  # of days that hold something
    outside = [day for day in sorted(besides) if day not in window]
    shown = [*outside, *window]
    found = list(map(figures.get, shown))
    doubts = node.doubts(key)
    for place in [place for place, figure in enumerate(found) if figure is None]:
        day = shown[place]
        if day in series.bins:
            found[place] = figures[day] = _day_figure(node.flow, day, series.bins[day], doubts)
        elif place < len(outside) and node.withdrew(key, day):
            found[place] = _day_figure(node.flow, day, UNKNOWN, doubts)
    return [figure for figure in found if figure is not None]


def written_days(node: Node, days: int, besides: Collection[int]) -> list[DayFigure]:
    """The last so many days of people, and those `besides`, only to be encoded.

    Mostly the newest day alone moves. The days before it are one piece of JSON, in the place of figures, until one of
    them does.
    """
    last, memo = node.last(PEOPLE), node.memo
    if last is None or (besides and not last - days < min(besides) <= max(besides) <= last):
        return day_figures(node, PEOPLE, days, besides)
    first = last - days + 1
    if memo.written is None or memo.written[:2] != (first, last):
        others = day_figures(node, PEOPLE, days)[:-1]
        memo.written = Written(first, last, (msgspec.Raw(msgspec.json.encode(others)[1:-1]),) if others else ())
    newest = _day_figure(node.flow, last, node.series[PEOPLE].bins[last], node.doubts(PEOPLE))
    return [*cast("tuple[DayFigure, ...]", memo.written.figures), newest]


def _day_figure(flow: str, day: int, held: Bin, doubts: list[Unverified]) -> DayFigure:
    low, high = _bounds(held.low, held.best, held.high)
    if high is not None and doubts:
        high = max(high, _doubted({day: held.high}, doubts))
    best = people(held.best)
    return DayFigure(
        flow, iso_day(day), min(people(low), best), best, None if high is None else max(people(high), best)
    )


def conflicts(node: Node, key: Key = PEOPLE) -> list[Conflict]:
    """Claims on a flow that cannot hold beside more trusted ones, with the gap in people."""
    found = []
    series = node.series.get(key)
    if series is None:
        return []
    for misfits in series.misfits.values():
        for misfit in misfits:
            one = misfit.constraint
            rivals = {report for rival in misfit.rivals for report in series.counts.reports_of(rival)}
            reports = series.counts.reports_of(one)
            if not rivals:  # it is the children or the parts that leave no room
                span = days_of(one.start, one.end)
                rivals = set(evidence_of(node, key, span)[0]) - set(reports)
            found.append(Conflict(node.flow, reports[-1], sorted(rivals), people(misfit.gap)))
    return sorted(found, key=lambda one: (one.flow, one.report, one.with_, one.gap))


def noted(node: Node) -> list[Noted]:
    """Claims that are shown and not totalled: of grades that do not count, or measuring something else."""
    if node.memo.noted is None:
        node.memo.noted = _noted(node)
    return node.memo.noted


def _noted(node: Node) -> list[Noted]:
    shown = [(claim, f"grade {claim.grade}") for series in node.series.values() for claim in series.claims.values()]
    shown = [(claim, why) for claim, why in shown if claim.grade not in WEIGHT]
    shown += [(claim, f"measure {claim.measure}") for claim in node.noted.values()]
    found = []
    for claim, why in shown:
        if claim.best is not None:
            period = period_of(claim)
            found.append(
                Noted(
                    node.flow,
                    claim.report,
                    claim.source,
                    why,
                    people(claim.best),
                    claim.population,
                    iso_day(period.first_day),
                    iso_day(period.last_day),
                )
            )
    return sorted(found, key=lambda one: (one.first_day, one.report, msgspec.structs.astuple(one)))
