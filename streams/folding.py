"""Folding: one source's readings of one day become one constraint on that day, without raking."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import fsum
from operator import attrgetter, itemgetter, le, lt

import msgspec

from streams.periods import DAY
from streams.reconcile import Constraint, Kind, day_span
from streams.records import Reading
from streams.sources import WEIGHT

_ended = attrgetter("end")
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


def fold(source: str, day: int, held: Iterable[Reading]) -> Constraint:
    """One source's counting readings of one day (at least one) as one constraint on that day.

    Readings that do not overlap add up; they are the day's figure when they cover it whole, and what it is at least
    otherwise. Overlapping readings ("so far today") are not added: the disjoint ones with the largest sum count.
    The constraint names no reports: see `folded_reports`.
    """
    readings = in_time(held)
    chain = chain_of(readings)
    bests = [one.best or 0.0 for one in chain]
    lows, highs = [one.low for one in chain], [one.high for one in chain]
    best = fsum(bests)
    low = best if lows == bests else fsum(lows)  # exact counts, as a rule
    whole = covers_day(chain, day)
    high = None
    if whole and None not in highs:
        high = best if highs == bests else fsum([one or 0.0 for one in highs])
    published = max([one.published for one in readings])
    grade, report = max([(one.grade, one.report) for one in readings if one.published == published], key=itemgetter(1))
    weight = WEIGHT[grade]
    start, end = day_span(day)
    trust = (weight, published, start - end, source, report, start)
    kind = Kind.AT_LEAST if high is None else Kind.EQUAL
    return Constraint(start, end, low, best, high, kind, trust, weight, (), not whole)


def folded_reports(held: Iterable[Reading]) -> tuple[str, ...]:
    """The ids of the reports that a fold of these readings stands for."""
    return tuple(sorted({one.report for one in chain_of(in_time(held))}))


def in_time(held: Iterable[Reading]) -> list[Reading]:
    """Readings by end, then by start: an order of their own, whatever the order of arrival."""
    readings = sorted(held, key=_ended)
    ends = [one.end for one in readings]
    return readings if all(map(lt, ends, ends[1:])) else sorted(readings, key=_placed)


def chain_of(readings: Sequence[Reading]) -> Sequence[Reading]:
    """Those that add up, of readings sorted by end: all where none overlap, else the heaviest disjoint ones."""
    starts, ends = [one.start for one in readings], [one.end for one in readings]
    disjoint = all(map(le, ends, starts[1:]))
    return readings if disjoint else _heaviest(readings, ends)


def covers_day(chain: Sequence[Reading], day: int) -> bool:
    """Whether readings cover every hour the wall clock shows on a day, also when clocks change."""
    if sum([one.local_end - one.local_start for one in chain]) < DAY:
        return False
    reached, end = day_span(day)
    if chain[0].local_start <= reached and chain[-1].local_end >= end and _unbroken(chain):
        return True
    spans = sorted([(one.local_start, one.local_end) for one in chain])
    if spans[0][0] > reached or max([last for _, last in spans]) < end:
        return False
    for left, right in pairwise(spans):
        reached = max(reached, left[1])
        if right[0] > reached:
            return False
    return True


def _unbroken(chain: Sequence[Reading]) -> bool:
    return [one.end for one in chain[:-1]] == [one.start for one in chain[1:]]


def _heaviest(readings: Sequence[Reading], ends: list[int]) -> list[Reading]:
    """The disjoint readings with the largest sum (weighted interval scheduling), from readings sorted by end."""
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
