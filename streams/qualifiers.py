"""Qualifiers: how a source puts its figure, and the interval of people that the figure then means.

A new qualifier is one member of `Qualifier` and one case of `Qualifier.meaning`: every other module asks the meaning.
"""

from __future__ import annotations

import enum
from functools import cached_property
from typing import NamedTuple, assert_never


class Bound(enum.Enum):
    """What a qualified figure fixes: the number of people itself, or only a least or a greatest number."""

    EQUAL = "equal"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"


HALF = 0.5
"""The units by which rounding may change a figure."""


class Meaning(NamedTuple):
    """What a qualifier says of a figure v that is rounded to the unit u, and how to write it.

    `below`: the interval begins so many u below v; None: at 0. `above`: it ends so many u above v; None: it is open.
    `verb` stands before the figure in a sentence ("says about 5,000"), `sign` before it in a table ("~5,000").
    """

    below: float | None
    above: float | None
    verb: str
    sign: str = ""

    @property
    def bound(self) -> Bound:
        """What the figure fixes; an interval that is open above fixes a least number, one from 0 a greatest."""
        if self.above is None:
            return Bound.AT_LEAST
        return Bound.AT_MOST if self.below is None else Bound.EQUAL

    @property
    def is_rounding(self) -> bool:
        """Whether the interval is no wider than rounding makes it: half a unit on either side at most."""
        return self.below is not None and self.above is not None and max(self.below, self.above) <= HALF


class Qualifier(enum.StrEnum):
    """How a source puts its figure. The list is closed: a report with any other word is refused."""

    COUNT = "count"
    STATED = "stated"
    ABOUT = "about"
    NEARLY = "nearly"
    MORE_THAN = "more_than"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"

    @cached_property
    def meaning(self) -> Meaning:  # noqa: PLR0911 - one for each qualifier
        """What the qualifier says of a figure."""
        match self:
            case Qualifier.COUNT:
                return Meaning(0, 0, "counted")
            case Qualifier.STATED:
                return Meaning(0.5, 0.5, "says")
            case Qualifier.ABOUT:
                return Meaning(1, 1, "says about", "~")
            case Qualifier.NEARLY:
                return Meaning(1, 0, "says nearly", "<~")
            case Qualifier.MORE_THAN:
                return Meaning(0, 1, "says more than", ">")
            case Qualifier.AT_LEAST:
                return Meaning(0, None, "says at least", "≥")
            case Qualifier.AT_MOST:
                return Meaning(None, 0, "says at most", "≤")
        assert_never(self)

    @cached_property
    def bound(self) -> Bound:
        """What a figure with this qualifier fixes."""
        return self.meaning.bound


UNQUALIFIED = Qualifier.STATED
"""The qualifier of a figure that comes without one."""


class Interval(NamedTuple):
    """A number of people: `low` <= `best` <= `high`; `high` is None where nothing bounds it."""

    low: float
    best: float
    high: float | None

    def times(self, factor: float) -> Interval:
        """The interval multiplied by a factor: a daily rate over several days."""
        return Interval(self.low * factor, self.best * factor, None if self.high is None else self.high * factor)


UNCERTAIN = 0.1
"""The rounding unit is at most this share of the figure."""


def rounding_unit(value: float) -> float:
    """The unit u that a figure is rounded to: 10^(its trailing zeros), at most 10 % of the figure.

    98,000 is rounded to thousands (u = 1,000); 20,000 to ten thousands, capped at 2,000. u is 0 for zero and for
    figures with decimals.
    """
    whole = int(value)
    if whole != value or whole == 0:
        return 0.0
    unit = 1
    while whole % (unit * 10) == 0:
        unit *= 10
    return min(float(unit), value * UNCERTAIN)


def interval(value: float, qualifier: Qualifier) -> Interval:
    """The interval that one figure means with a qualifier; `best` is the figure itself.

    count [v, v]; stated [v-u/2, v+u/2]; about [v-u, v+u]; nearly [v-u, v]; more_than [v, v+u];
    at_least [v, open]; at_most [0, v].
    """
    v, (below, above, *_) = float(value), qualifier.meaning
    u = rounding_unit(v) if below or above else 0.0
    return Interval(0.0 if below is None else v - below * u, v, None if above is None else v + above * u)


def spread(low: float, high: float, qualifier: Qualifier) -> Interval:
    """The interval of a range such as "5,000 to 6,000": `best` is its middle; at_least is open, at_most begins at 0."""
    below, above, *_ = qualifier.meaning
    return Interval(0.0 if below is None else low, (low + high) / 2, None if above is None else high)
