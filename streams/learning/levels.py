"""What every learned baseline is made of: a history of daily rates in, the expected rate and its threshold out."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum, sqrt
from typing import NamedTuple

History = Sequence[float | None]
"""People a day on the days a method looks back on, oldest first; None where a day is not covered whole."""


class Learned(NamedTuple):
    """The rate to expect of a day and the threshold above which an alert opens, both in people a day."""

    expected: float
    threshold: float


class Tuning(NamedTuple):
    """How far above the expected rate a threshold lies at least.

    `sigmas`: how rare an exceedance is to be, as standard deviations of a normal distribution. `sigma_floor` (people a
    day) and `sigma_floor_share` (of the expected rate): no standard deviation counts as less, so that zeros and then
    one, or a quiet series that ripples, raise no alarm.
    """

    sigmas: float = 3.0
    sigma_floor: float = 10.0
    sigma_floor_share: float = 1 / 6

    def floor(self, expected: float) -> float:
        """The least standard deviation that counts at an expected rate, in people a day."""
        return max(self.sigma_floor, self.sigma_floor_share * expected)

    def level(self, expected: float, margin: float) -> Learned:
        """A level whose threshold lies `margin` people above the expected rate, or what the floors make of it."""
        return Learned(expected, expected + max(margin, self.sigmas * self.floor(expected)))


def moments(values: Sequence[float]) -> tuple[float, float]:
    """Mean and standard deviation (n - 1) of two figures or more."""
    count = len(values)
    mean = fsum(values) / count
    return mean, sqrt(fsum([(value - mean) ** 2 for value in values]) / (count - 1))


def known(history: History) -> list[float]:
    """The days of a history that are covered whole."""
    return [value for value in history if value is not None]
