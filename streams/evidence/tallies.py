"""Tallies: counter readings folded by source and day, and what reports would come to if they were simply added up."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import fsum
from typing import NamedTuple

from msgspec import Struct

from bordertally.streams.flows import ancestors
from bordertally.streams.ledger.rows import Key, decode_row
from bordertally.streams.reconciliation.folding import added, chain_of, newest_of
from bordertally.streams.reports.readings import Columns


class Tally(Struct, frozen=True):
    """What one source counted on one flow on one day: `people` add up the readings that do not overlap.

    A reading that runs over midnight stands on the day it begins. `published`: microseconds since 1970 UTC of the
    newest reading; `grade` is its grade.
    """

    source: str
    population: str
    unit: str
    grade: str
    people: float
    readings: int
    published: int


def tallies_of(row: bytes) -> list[Tally]:
    """The tallies of a row of the ledger: a flow's readings of one day. Withdrawn readings are left out."""
    found = []
    for key, source, columns in decode_row(row):
        held = columns.picked([one is not None for one in columns.bests])
        if len(held):
            found.append(_tally(key, source, held))
    return found


def _tally(key: Key, source: str, held: Columns) -> Tally:
    newest = newest_of(held)
    people, published = added(chain_of(held).bests), held.published[newest]
    return Tally(source, key.population, key.unit, held.grade(newest), people, len(held), published)


class SourceFigure(NamedTuple):
    """So many people by one source on one flow from `start` to `end` (any unit of time, end exclusive)."""

    source: str
    flow: str
    start: int
    end: int
    people: float


def added_up(said: Iterable[SourceFigure]) -> float:
    """What sources come to if each is believed once and all are added, whoever else counted the same people.

    Of one source's figures on a flow that overlap, the disjoint ones with the largest sum count; what it says on a
    flow below another one of its own is taken as part of that.
    """
    by_source: dict[str, dict[str, list[SourceFigure]]] = defaultdict(lambda: defaultdict(list))
    for one in said:
        by_source[one.source][one.flow].append(one)
    return fsum(
        _heaviest(told)
        for flows in by_source.values()
        for flow, told in flows.items()
        if not any(above in flows for above in ancestors(flow))
    )


def _heaviest(told: Sequence[SourceFigure]) -> float:
    """The largest sum of disjoint figures (weighted interval scheduling)."""
    ordered = sorted(told, key=lambda one: one.end)
    ends = [one.end for one in ordered]
    best = [0.0]
    for index, one in enumerate(ordered):
        room = bisect_right(ends, one.start, hi=index)
        best.append(max(best[-1], best[room] + one.people))
    return best[-1]
