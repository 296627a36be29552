"""Tallies: counter readings folded by source and day, and the sum of all sources if no two counted the same people."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import fsum
from typing import NamedTuple

from msgspec import Struct

from bordertally.streams.flows import adds_to
from bordertally.streams.ledger.rows import Key, decode_row
from bordertally.streams.reconciliation.folding import added, chain_of, newest_of
from bordertally.streams.reports.readings import Columns


class Tally(Struct, frozen=True):
    """The readings of one source on one flow on one day; `people` is the sum of the readings that do not overlap.

    A reading over midnight belongs to the day on which it begins. `published` (microseconds since 1970 UTC) and `grade`
    are those of the newest reading.
    """

    source: str
    population: str
    unit: str
    grade: str
    people: float
    readings: int
    published: int


def tallies_of(row: bytes) -> list[Tally]:
    """The tallies in a row of the ledger, which holds a flow's readings of one day. Withdrawn readings are left out."""
    tallies = []
    for key, source, columns in decode_row(row):
        readings = columns.picked([best is not None for best in columns.bests])
        if len(readings):
            tallies.append(_tally(key, source, readings))
    return tallies


def _tally(key: Key, source: str, readings: Columns) -> Tally:
    newest = newest_of(readings)
    people, published = added(chain_of(readings).bests), readings.published[newest]
    return Tally(source, key.population, key.unit, readings.grade(newest), people, len(readings), published)


class SourceFigure(NamedTuple):
    """People on one flow from `start` to `end` (any unit of time, end exclusive) by one source."""

    source: str
    flow: str
    start: int
    end: int
    people: float


def added_up(figures: Iterable[SourceFigure]) -> float:
    """The sum of all sources, as if no two counted the same people.

    Of the overlapping figures of one source on one flow, the disjoint ones with the largest sum count. A source's
    figures on a flow are left out where it also has figures on a flow above.
    """
    by_source: dict[str, dict[str, list[SourceFigure]]] = defaultdict(lambda: defaultdict(list))
    for figure in figures:
        by_source[figure.source][figure.flow].append(figure)
    return fsum(
        _largest_sum(on_flow)
        for flows in by_source.values()
        for flow, on_flow in flows.items()
        if not any(above in flows for above in adds_to(flow))
    )


def _largest_sum(figures: Sequence[SourceFigure]) -> float:
    """The largest sum of disjoint figures (weighted interval scheduling)."""
    ordered = sorted(figures, key=lambda figure: figure.end)
    ends = [figure.end for figure in ordered]
    best = [0.0]
    for index, figure in enumerate(ordered):
        before = bisect_right(ends, figure.start, hi=index)
        best.append(max(best[-1], best[before] + figure.people))
    return best[-1]
