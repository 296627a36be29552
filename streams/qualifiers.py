"""Qualifiers: how a figure was put, and what interval that means."""

from __future__ import annotations

import enum
from typing import NamedTuple


class Qualifier(enum.StrEnum):
    """How a source put its figure. Closed: a word that is not here is refused."""

    COUNT = "count"
    STATED = "stated"
    ABOUT = "about"
    NEARLY = "nearly"
    MORE_THAN = "more_than"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"


class Interval(NamedTuple):
    """So many people: `low` <= `best` <= `high`; `high` is None where nothing bounds it."""

    low: float
    best: float
    high: float | None

    def times(self, factor: float) -> Interval:
        """The same interval scaled, for a daily rate over several days."""
        return Interval(self.low * factor, self.best * factor, None if self.high is None else self.high * factor)


UNCERTAIN = 0.1
"""The rounding unit never counts for more than this share of the figure."""


def rounding_unit(value: float) -> float:
    """U = 10^(trailing zeros of the figure), at most 10 % of it; 0 for zero and for figures with decimals.

    98,000 is rounded to thousands (u = 1,000); 20,000 by its zeros to ten thousands, capped at 2,000.
    """
    whole = int(value)
    if whole != value or whole == 0:
        return 0.0
    unit = 1
    while whole % (unit * 10) == 0:
        unit *= 10
    return min(float(unit), value * UNCERTAIN)


def interval(value: float, qualifier: Qualifier) -> Interval:
    """The interval a qualified figure means; `best` is the figure itself.

    count [v, v]; stated [v-u/2, v+u/2]; about [v-u, v+u]; nearly [v-u, v]; more_than [v, v+u];
    at_least [v, open]; at_most [0, v].
    """
    v = float(value)
    if qualifier is Qualifier.COUNT:
        return Interval(v, v, v)
    u = rounding_unit(v)
    low, high = v, v
    match qualifier:
        case Qualifier.STATED:
            low, high = v - u / 2, v + u / 2
        case Qualifier.ABOUT:
            low, high = v - u, v + u
        case Qualifier.NEARLY:
            low = v - u
        case Qualifier.MORE_THAN:
            high = v + u
        case Qualifier.AT_LEAST:
            return Interval(v, v, None)
        case Qualifier.AT_MOST:
            low = 0.0
    return Interval(low, v, high)


def spread(low: float, high: float, qualifier: Qualifier) -> Interval:
    """A range such as "5,000 to 6,000": best is its middle; at_least leaves it open, at_most starts at 0."""
    middle = (low + high) / 2
    if qualifier is Qualifier.AT_LEAST:
        return Interval(low, middle, None)
    return Interval(0.0 if qualifier is Qualifier.AT_MOST else low, middle, high)
