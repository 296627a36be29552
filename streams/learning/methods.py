"""The learned baselines by name: how each learns, from which days, and how it is called in an explanation."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from bordertally.streams.learning.ears import c1, c2, c3, plain
from bordertally.streams.learning.ewma import ewma
from bordertally.streams.learning.levels import History, Learned, Tuning
from bordertally.streams.learning.reweighted import reweighted
from bordertally.streams.learning.weekday import least_expected, regression, weekday


class Method(NamedTuple):
    """One way to learn. `back`: how many days before a day it looks, farthest first; `says`: whose mean is meant.

    `least`: the least that `learn` may expect, seen at one look; None where a look does not show that, or that `learn`
    comes to a level at all.
    """

    name: str
    back: range
    learn: Callable[[History, Tuning], Learned | None]
    says: str
    least: Callable[[History], float | None] | None = None


METHODS = {
    method.name: method
    for method in (
        Method("weekday", range(30, 2, -1), weekday, "on the same weekday of the last four weeks", least_expected),
        Method("regression", range(30, 2, -1), regression, "by weekday and trend of the last four weeks"),
        Method("ewma", range(30, 0, -1), ewma, "in the days t-30 to t-3, the last two counted with it"),
        Method("reweighted", range(7, 0, -1), reweighted, "in the days t-7 to t-1, past surges weighted down"),
        Method("c1", range(7, 0, -1), c1, "in the days t-7 to t-1"),
        Method("c2", range(9, 2, -1), c2, "in the days t-9 to t-3"),
        Method("c3", range(11, 0, -1), c3, "in the days t-9 to t-3, the last two counted with it"),
        Method("mean", range(28, 0, -1), plain, "in the days t-28 to t-1"),
    )
}

LEARNED_DAYS = max(max(method.back) for method in METHODS.values())
"""What is learned for a day rests on so many days before it at most."""


def looks_back(names: Iterable[str]) -> range:
    """All days before a day that some of these methods may look at, nearest first; empty without a method.

    A change of any day bears on what is learned for the days that lie so much later.
    """
    backs = [METHODS[name].back for name in names]
    return range(min([min(back) for back in backs]), max([max(back) for back in backs]) + 1) if backs else range(0)
