"""The daily figures of a flow."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from math import fsum
from typing import NamedTuple, cast

import msgspec

from bordertally.streams.ledger.rows import PEOPLE, Key
from bordertally.streams.ledger.series import Unverified
from bordertally.streams.ledger.tree import Node
from bordertally.streams.ledger.views import View
from bordertally.streams.periods import days_of, iso_day
from bordertally.streams.reconciliation.constraints import Bin
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.sources import counts
from bordertally.streams.totals.records import DayFigure


class EncodedDays(NamedTuple):
    """The figures of the days from `first` to `end` (exclusive) as JSON, separated by commas: no piece, or one."""

    first: int
    end: int
    figures: tuple[msgspec.Raw, ...]


class ShownDays(View):
    """The daily figures of a flow's people, and those of its older days as JSON."""

    def __init__(self) -> None:
        self.figures: dict[int, DayFigure] = {}
        self.written: EncodedDays | None = None

    def figures_changed(self, days: Collection[int]) -> None:
        """Drop the figures of these days."""
        for day in days:
            self.figures.pop(day, None)
        if self.written is not None and any(self.written.first <= day < self.written.end for day in days):
            self.written = None

    def unverified_changed(self, before: Claim | None, now: Claim | None) -> None:
        """Drop the figures of the days that an unverified claim may widen."""
        for claim in (before, now):
            if claim is not None and not counts(claim.grade):
                self.figures_changed(days_of(claim.local_start, claim.local_end))


def _shown(node: Node) -> ShownDays:
    return node.views.of(ShownDays, ShownDays)


UNKNOWN = Bin(0.0, 0.0, None, False)
"""The bin of a day without a claim in force."""


def people(value: float) -> int:
    """Whole people, halves up: rounding happens here, at the edge, and nowhere before."""
    return int(value + 0.5)


def _bounds(low: float, best: float, high: float | None) -> tuple[float, float | None]:
    """Low and high of days: the scenarios summed, put in order."""
    if high is None:
        return min(low, best), None
    return min(low, best, high), max(high, best, low)


def _doubted(highs: Mapping[int, float | None], doubts: list[Unverified]) -> float:
    """The highest sum that an unverified claim gives these days; every day it touches has a high."""
    most = 0.0
    for doubt in doubts:
        inside = [day for day in highs if doubt.first_day <= day <= doubt.last_day]
        if inside:
            share = doubt.people * len(inside) / (doubt.last_day - doubt.first_day + 1)
            rest = fsum([high or 0.0 for day, high in highs.items() if not doubt.first_day <= day <= doubt.last_day])
            most = max(most, share + rest)
    return most


def day_figures(
    node: Node, key: Key = PEOPLE, days: int | None = None, besides: Collection[int] = ()
) -> list[DayFigure]:
    """The figures of the days of a flow that claims cover, oldest first.

    `days`: only the last `days` days, and those in `besides`. A day in `besides` on which every claim was withdrawn has
    low 0 and no high.
    """
    series = node.series.get(key)
    if series is None:
        return []
    last = node.last(key)
    if days is None:
        window: Iterable[int] = sorted(series.bins)
    else:
        window = range(0) if last is None else range(last - days + 1, last + 1)
    figures = _shown(node).figures if key == PEOPLE else {}  # of days that hold something
    outside = [day for day in sorted(besides) if day not in window]
    shown = [*outside, *window]
    covered = list(map(figures.get, shown))
    doubts = node.doubts(key)
    for place in [place for place, figure in enumerate(covered) if figure is None]:
        day = shown[place]
        if day in series.bins:
            covered[place] = figures[day] = _day_figure(node.flow, day, series.bins[day], doubts)
        elif place < len(outside) and node.withdrew(key, day):
            covered[place] = _day_figure(node.flow, day, UNKNOWN, doubts)
    return [figure for figure in covered if figure is not None]


def written_days(node: Node, days: int, besides: Collection[int]) -> list[DayFigure]:
    """The figures of the last `days` days of people, and of those in `besides`, fit only to be encoded.

    Mostly only the newest day changes. The days before it stand as one piece of JSON until one of them changes.
    """
    last, view = node.last(PEOPLE), _shown(node)
    if last is None or (besides and not last - days < min(besides) <= max(besides) <= last):
        return day_figures(node, PEOPLE, days, besides)
    first = last - days + 1
    if view.written is None or view.written[:2] != (first, last):
        others = day_figures(node, PEOPLE, days)[:-1]
        view.written = EncodedDays(first, last, (msgspec.Raw(msgspec.json.encode(others)[1:-1]),) if others else ())
    newest = _day_figure(node.flow, last, node.series[PEOPLE].bins[last], node.doubts(PEOPLE))
    return [*cast("tuple[DayFigure, ...]", view.written.figures), newest]


def exact_day(bin_: Bin, day: int, doubts: list[Unverified]) -> tuple[float, float, float | None]:
    """Low, best and high of a day as shown, before they are rounded."""
    low, high = _bounds(bin_.low, bin_.best, bin_.high)
    if high is not None and doubts:
        high = max(high, _doubted({day: bin_.high}, doubts))
    return low, bin_.best, high


def _day_figure(flow: str, day: int, bin_: Bin, doubts: list[Unverified]) -> DayFigure:
    exact = low, exact_best, high = exact_day(bin_, day, doubts)
    best = people(exact_best)
    whole = all(float(value).is_integer() for value in exact if value is not None)
    return DayFigure(
        flow,
        iso_day(day),
        min(people(low), best),
        best,
        None if high is None else max(people(high), best),
        None if whole else exact,
    )
