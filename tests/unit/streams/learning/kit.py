"""What the tests of the learned baselines share: series, tunings, and thresholds day by day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import NormalDist

from bordertally.streams.learning.levels import History, Learned, Tuning, known
from bordertally.streams.learning.reweighted import _upper
from bordertally.streams.learning.student_t import tail

FIRST = [5400.0, 5600, 5200, 5900, 5800, 5100, 5500, 5300, 5700, 6000, 9800, 10100, 10400, 9900]


SECOND = [150.0, 130, 122, 160, 155, 128, 144, 125, 300, 319, 289, 277, 500]


EARS = Tuning(NormalDist().inv_cdf(0.999), 0, 0)
"""z = 3.090232, no floors."""


EPITWEETR = Tuning(NormalDist().inv_cdf(0.975), 0, 0)


SMALL = Tuning(sigma_floor=10, sigma_floor_share=1 / 12)


Learn = Callable[[History, Tuning], Learned | None]


def upper(series: Sequence[float], back: range, learn: Learn, first: int, tuning: Tuning) -> list[float]:
    """The thresholds of day t = `first`, counted from 1, and of those after it."""
    found = []
    for t in range(first, len(series) + 1):
        level = learn([series[t - 1 - one] for one in back], tuning)
        assert level is not None
        found.append(level.threshold)
    return found


WORKING = [100.0, 110, 90, 100, 105, 40, 30]
"""A week as it falls; t has the weekday of the third."""


def weeks(*factors: float) -> list[float | None]:
    """Days t-30..t-3: such a week times each factor."""
    return [factor * one for factor in factors for one in WORKING]


def unweighted(history: History, tuning: Tuning) -> Learned:
    """U0: Student's form with all weights 1, which other implementations have too."""
    days = known(history)
    mean, margin = _upper(days, [1.0] * len(days), tail(tuning.sigmas))
    return tuning.level(mean, margin)
