"""Folding: one source's readings of one day become one constraint on that day, without raking."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from math import fsum
from operator import attrgetter, le
from typing import cast

import msgspec

from bordertally.streams.natural_order import natural
from bordertally.streams.periods import DAY
from bordertally.streams.reconciliation.constraints import Constraint, Kind, Trust, day_span
from bordertally.streams.reports.readings import Columns, Reading
from bordertally.streams.reports.sources import WEIGHT

_placed = attrgetter("end", "start")


def clipped(reading: Reading, start: int, end: int) -> Reading:
    """The part of a reading on a day, from `start` to `end` of the wall clock, its people by share of elapsed time.

    Before midnight as much time passes as the wall clock shows (see periods): clocks change after it.
    """
    if start <= reading.local_start and reading.local_end <= end:
        return reading
    elapsed = reading.end - reading.start
    night = reading.start + min(elapsed, (start if reading.local_start < start else end) - reading.local_start)
    first, last = (night, reading.end) if reading.local_start < start else (reading.start, night)
    share = (last - first) / elapsed
    return msgspec.structs.replace(
        reading,
        start=first,
        end=last,
        local_start=max(start, reading.local_start),
        local_end=min(end, reading.local_end),
        low=reading.low * share,
        best=None if reading.best is None else reading.best * share,
        high=None if reading.high is None else reading.high * share,
    )


def fold(source: str, day: int, readings: Columns) -> Constraint:
    """One source's counting readings of one day as one constraint on that day.

    Readings that do not overlap add up; they are the day's figure when they cover it whole, and what it is at least
    otherwise. Overlapping readings ("so far today") are not added: the disjoint ones with the largest sum count.
    The constraint names no reports: see `folded_reports`. Its trust is that of the newest reading, and exact where
    every reading is.
    """
    unbroken = readings.unbroken
    chain = readings if unbroken else chain_of(readings)
    best = added(chain.bests)
    low = best if chain.lows is None else added(chain.lows)  # exact counts, as a rule
    high = None
    whole = covers_day(chain, day, unbroken=unbroken)
    if whole:
        if chain.highs is None:
            high = best
        elif None not in chain.highs:
            high = added(chain.highs)
    newest = newest_of(readings)
    published, grade, report = readings.published[newest], readings.grade(newest), readings.reports[newest]
    weight = WEIGHT[grade]
    start, end = day_span(day)
    trust = Trust(weight, low == high, published, report, source, start, end, readings.origin(newest) or "")
    kind = Kind.AT_LEAST if high is None else Kind.EQUAL
    return Constraint(start, end, low, best, high, kind, trust, weight, (), not whole)


def folded_reports(readings: Columns) -> tuple[str, ...]:
    """The ids of the reports of one source that a fold of its readings stands for."""
    return tuple(sorted(set(chain_of(readings).reports)))


def chain_of(readings: Columns) -> Columns:
    """The readings that add up, in any order: all if none overlap, else the disjoint ones with the largest sum."""
    starts, ends = sorted(readings.starts), sorted(readings.ends)
    disjoint = all(map(le, ends, starts[1:]))  # at every start as many have ended as began before
    return readings if disjoint else Columns.of(_heaviest(sorted(readings.readings(), key=_placed)))


def added(figures: Sequence[float | None]) -> float:
    """The sum of figures, none of them None; it is rounded once, so it does not depend on their order."""
    return fsum(cast("Sequence[float]", figures))


def newest_of(readings: Columns) -> int:
    """The index of the reading published last; of several, the one whose report id is last in natural order."""
    published = max(readings.published)
    if readings.published.count(published) == 1:
        return readings.published.index(published)
    last = [place for place, at in enumerate(readings.published) if at == published]
    return max(
        last, key=lambda place: (natural(readings.reports[place]), -readings.ends[place], -readings.starts[place])
    )


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
    ends = [reading.end for reading in readings]
    best = [(0.0, 0)]
    before: list[int | None] = []  # of a reading that is taken, how many of the first ones its chain may draw on
    for index, reading in enumerate(readings):
        room = bisect_right(ends, reading.start, hi=index)
        taken = (best[room][0] + (reading.best or 0.0), best[room][1] + reading.end - reading.start)
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
