"""Folding: one source's readings of one day become one constraint on that day, without raking."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from math import fsum
from operator import attrgetter, le
from typing import cast

import msgspec

from bordertally.streams.periods import DAY
from bordertally.streams.reconciliation.constraints import Constraint, Kind, day_span
from bordertally.streams.reports.readings import Columns, Reading
from bordertally.streams.reports.sources import WEIGHT

_placed = attrgetter("end", "start")


def clipped(one: Reading, start: int, end: int) -> Reading:
    """The part of a reading from `start` to `end` of the wall clock, its people by share of time."""
    if start <= one.local_start and one.local_end <= end:
        return one
    first, last = max(start, one.local_start), min(end, one.local_end)
    share = (last - first) / (one.local_end - one.local_start)
    return msgspec.structs.replace(
        one,
        start=one.start + first - one.local_start,
        end=one.start + last - one.local_start,
        local_start=first,
        local_end=last,
        low=one.low * share,
        best=None if one.best is None else one.best * share,
        high=None if one.high is None else one.high * share,
    )


def fold(source: str, day: int, held: Columns) -> Constraint:
    """One source's counting readings of one day as one constraint on that day.

    Readings that do not overlap add up; they are the day's figure when they cover it whole, and what it is at least
    otherwise. Overlapping readings ("so far today") are not added: the disjoint ones with the largest sum count.
    The constraint names no reports: see `folded_reports`.
    """
    unbroken = held.unbroken
    chain = held if unbroken else chain_of(held)
    best = added(chain.bests)
    low = best if chain.lows is None else added(chain.lows)  # exact counts, as a rule
    high = None
    whole = covers_day(chain, day, unbroken=unbroken)
    if whole:
        if chain.highs is None:
            high = best
        elif None not in chain.highs:
            high = added(chain.highs)
    newest = newest_of(held)
    published, grade, report = held.published[newest], held.grade(newest), held.reports[newest]
    weight = WEIGHT[grade]
    start, end = day_span(day)
    trust = (weight, published, start - end, source, report, start)
    kind = Kind.AT_LEAST if high is None else Kind.EQUAL
    return Constraint(start, end, low, best, high, kind, trust, weight, (), not whole)


def folded_reports(held: Columns) -> tuple[str, ...]:
    """The ids of the reports that a fold of these readings stands for."""
    return tuple(sorted(set(chain_of(held).reports)))


def chain_of(held: Columns) -> Columns:
    """Those that add up, in any order: all where none overlap, else the heaviest disjoint ones."""
    starts, ends = sorted(held.starts), sorted(held.ends)
    disjoint = all(map(le, ends, starts[1:]))  # at every start as many have ended as began before
    return held if disjoint else Columns.of(_heaviest(sorted(held.readings(), key=_placed)))


def added(figures: Sequence[float | None]) -> float:
    """Figures, all of them known, added up: rounded once, so in whatever order they come."""
    return fsum(cast("Sequence[float]", figures))


def newest_of(held: Columns) -> int:
    """The place of the reading published last; of several that were, the one whose report comes last by name."""
    published = max(held.published)
    if held.published.count(published) == 1:
        return held.published.index(published)
    last = [place for place, at in enumerate(held.published) if at == published]
    return max(last, key=lambda place: (held.reports[place], -held.ends[place], -held.starts[place]))


def covers_day(chain: Columns, day: int, *, unbroken: bool) -> bool:
    """Whether readings that do not overlap cover every hour the wall clock shows on a day, also when clocks change.

    `unbroken`: whether there are no gaps between them.
    """
    if sum(chain.local_ends) - sum(chain.local_starts) < DAY:
        return False
    reached, end = day_span(day)
    if unbroken:
        first, last = chain.starts.index(min(chain.starts)), chain.ends.index(max(chain.ends))
        if chain.local_starts[first] <= reached and chain.local_ends[last] >= end:
            return True
    spans = sorted(zip(chain.local_starts, chain.local_ends, strict=True))
    if spans[0][0] > reached or max(chain.local_ends) < end:
        return False
    for left, right in pairwise(spans):
        reached = max(reached, left[1])
        if right[0] > reached:
            return False
    return True


def _heaviest(readings: Sequence[Reading]) -> list[Reading]:
    """The disjoint readings with the largest sum (weighted interval scheduling), from readings sorted by end."""
    ends = [one.end for one in readings]
    best = [(0.0, 0)]
    before: list[int | None] = []  # of a reading that is taken, how many of the first ones its chain may draw on
    for index, one in enumerate(readings):
        room = bisect_right(ends, one.start, hi=index)
        taken = (best[room][0] + (one.best or 0.0), best[room][1] + one.end - one.start)
        before.append(room if taken > best[-1] else None)
        best.append(max(best[-1], taken))
    chain: list[Reading] = []
    left = len(readings)
    while left:
        earlier = before[left - 1]
        if earlier is not None:
            chain.append(readings[left - 1])
        left = left - 1 if earlier is None else earlier
    return chain[::-1]
