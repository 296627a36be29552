"""Detectors as they are used elsewhere, for rules to be measured against.

Each has a threshold for every day. Used alone, every run of days above the threshold is an alert. Those that the rules
do not offer are also measured with the life cycle of the rules: hysteresis, a minimum of people, `keep_firing_for`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from math import ceil, fsum
from typing import NamedTuple

from bordertally.streams.learning.levels import Learned, Tuning
from bordertally.streams.learning.methods import METHODS
from bordertally.streams.rules.config import Detection, times_expected
from bordertally.streams.rules.debounce import NO_DEBOUNCE, debounced

Series = Mapping[int, float]
"""People by day (ordinal); a day that is missing is unknown."""

AS_PUBLISHED = Tuning(3.0, 0.0, 0.0)
"""Three standard deviations, without floors."""

YEAR = 365
LEAST_OF_A_YEAR = 90
PERCENTILE = 0.95
SAME_WEEKDAY = (7, 14, 21, 28)
LEAST_WEEKS = 3
RATIO = 1.5


def learned(name: str, series: Series, day: int) -> Learned | None:
    """The level by a method that the rules offer too, as published."""
    method = METHODS[name]
    return method.learn([series.get(day - back) for back in method.back], AS_PUBLISHED)


def percentile(series: Series, day: int) -> Learned | None:
    """The median and the 95th percentile of the last year; None with fewer than 90 days known."""
    known = sorted(series[past] for past in range(day - YEAR, day) if past in series)
    if len(known) < LEAST_OF_A_YEAR:
        return None
    median = (known[(len(known) - 1) // 2] + known[len(known) // 2]) / 2
    return Learned(median, known[ceil(PERCENTILE * len(known)) - 1])


def same_weekday(series: Series, day: int) -> Learned | None:
    """The mean of the same weekday of four weeks, and 1.5 times as much; None with fewer than three of them known."""
    known = [series[day - back] for back in SAME_WEEKDAY if day - back in series]
    if len(known) < LEAST_WEEKS:
        return None
    mean = fsum(known) / len(known)
    return Learned(mean, RATIO * mean)


class Rival(NamedTuple):
    """A detector: the level of a day, and whether it is used alone, without the life cycle of the rules."""

    level: Callable[[Series, int], Learned | None]
    alone: bool


RIVALS = {
    **{f"{name}-alone": Rival(partial(learned, name), alone=True) for name in ("c1", "c2", "c3", "mean")},
    "percentile-alone": Rival(percentile, alone=True),
    "same-weekday-alone": Rival(same_weekday, alone=True),
    "percentile": Rival(percentile, alone=False),
    "same-weekday": Rival(same_weekday, alone=False),
}
"""The detectors by name."""


class RivalAlert(NamedTuple):
    """An alert: its first and last exceeding day (ordinals), and the highest rate over expected."""

    first: int
    last: int
    worst: float


def rival_alerts(series: Series, rival: Rival, detection: Detection) -> list[RivalAlert]:
    """The alerts of a detector on a series, oldest first. `detection`: the life cycle for those not used alone."""
    clear_share = 1.0 if rival.alone else detection.clear_share
    least = 0.0 if rival.alone else detection.minimum_people
    runs: list[tuple[list[int], int | None]] = []
    ratios: dict[int, float] = {}
    for day, people in sorted(series.items()):
        level = rival.level(series, day)
        if level is None:
            continue
        ratios[day] = times_expected(people, level.expected)
        is_open = bool(runs) and runs[-1][1] is None
        limit = level.expected + clear_share * (level.threshold - level.expected) if is_open else level.threshold
        if people > limit and people >= least:
            if is_open:
                runs[-1][0].append(day)
            else:
                runs.append(([day], None))
        elif is_open:
            runs[-1] = (runs[-1][0], day)
    alerts = debounced(
        runs,
        NO_DEBOUNCE if rival.alone else detection.debounce,
        lambda first, end: next((day for day in range(first, end) if day in series), None),
        max(series, default=0) + 1,
        lambda day: detection.rank(ratios[day]),
    )
    return [RivalAlert(days[0], days[-1], max(ratios[day] for day in days)) for days, _ in alerts]
