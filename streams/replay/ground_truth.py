"""Surges and falls as hindsight sees them: what a detector, which knows only the past, is measured against."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from math import fsum
from typing import NamedTuple

WEEK = 7
BEFORE = 28
LEAST_BEFORE = 14
LEAST_OF_A_WEEK = 4
RATIO = 1.5
OVER_HIGHEST = 1.25
EXTRA = 50.0
GREAT = 2.0
LONGEST = 28


class Surge(NamedTuple):
    """A surge, from its first to its last day (ordinals, both inclusive), and how it is known."""

    first: int
    last: int
    why: str = "hindsight"


def surges(series: Mapping[int, float]) -> list[Surge]:
    """The surges of a series of people a day by ordinal day, oldest first.

    A surge begins on day t if the mean of the week that follows, t..t+6, and the day itself are at least 1.5 times the
    mean of the 28 days before, at least 50 people a day more than it, and at least 1.25 times the highest week among
    those days. It goes on while the week that follows each day stays 1.5 times and 50 people above that mean, for a
    week at least and 28 days at most: by then the new level is what is normal. A day is judged by days that come after
    it, so no detector can do the same. Days with fewer than 14 days known before them begin none.
    """
    return _runs(series, _lasts_above, operator.ge)


def is_great(series: Mapping[int, float], surge: Surge) -> bool:
    """Whether a surge is great: the week from its first day on has at least twice the mean of the 28 days before.

    Any other surge is small.
    """
    before, week = _before(series, surge.first), _week(series, surge.first)
    return bool(before) and week is not None and week >= GREAT * fsum(before) / len(before)


def falls(series: Mapping[int, float]) -> list[Surge]:
    """The falls of a series, by the mirror of the rule for surges: what a `drop` is measured against.

    The week that follows and the day itself are at most the mean of the 28 days before divided by 1.5, at least 50
    people a day less than it, and at most the lowest week among those days divided by 1.25. A fall goes on while the
    week that follows stays as low, for a week at least and 28 days at most.
    """
    return _runs(series, _lasts_below, operator.le)


def _runs(
    series: Mapping[int, float],
    begins: Callable[[Mapping[int, float], Mapping[int, float], int], float | None],
    stays: Callable[[float, float], bool],
) -> list[Surge]:
    """Runs of days, oldest first: from a day that `begins` one, with the level to be kept, while the week `stays`."""
    if not series:
        return []
    first, last = min(series), max(series)
    weeks = {day: mean for day in range(first, last + 1) if (mean := _week(series, day)) is not None}
    surges: list[Surge] = []
    day = first
    while day <= last:
        kept = begins(series, weeks, day)
        if kept is None:
            day += 1
            continue
        end = day
        while end < last and end + 1 - day < LONGEST and end + 1 in weeks and stays(weeks[end + 1], kept):
            end += 1
        surges.append(Surge(day, min(max(end, day + WEEK - 1), last)))
        day = surges[-1].last + 1
    return surges


def _lasts_below(series: Mapping[int, float], weeks: Mapping[int, float], day: int) -> float | None:
    """The weekly mean below which a fall that begins on this day lasts; None where none begins."""
    before = _before(series, day)
    if day not in series or day not in weeks or len(before) < LEAST_BEFORE:
        return None
    mean = fsum(before) / len(before)
    lowest = min((weeks[earlier] for earlier in range(day - BEFORE, day - WEEK + 1) if earlier in weeks), default=mean)
    kept = min(mean / RATIO, mean - EXTRA)
    return kept if max(weeks[day], series[day]) <= min(kept, lowest / OVER_HIGHEST) else None


def _before(series: Mapping[int, float], day: int) -> list[float]:
    """The days that are known of the four weeks before a day."""
    return [series[earlier] for earlier in range(day - BEFORE, day) if earlier in series]


def _week(series: Mapping[int, float], day: int) -> float | None:
    ahead = [series[later] for later in range(day, day + WEEK) if later in series]
    return fsum(ahead) / len(ahead) if len(ahead) >= LEAST_OF_A_WEEK else None


def _lasts_above(series: Mapping[int, float], weeks: Mapping[int, float], day: int) -> float | None:
    """The weekly mean above which a surge that begins on this day lasts; None where none begins."""
    before = _before(series, day)
    if day not in series or day not in weeks or len(before) < LEAST_BEFORE:
        return None
    mean = fsum(before) / len(before)
    highest = max((weeks[earlier] for earlier in range(day - BEFORE, day - WEEK + 1) if earlier in weeks), default=0.0)
    kept = max(RATIO * mean, mean + EXTRA)
    return kept if min(weeks[day], series[day]) >= max(kept, OVER_HIGHEST * highest) else None
