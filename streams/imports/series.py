"""Series: the claims of an import by flow, population, unit and measure, each by its period."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from bordertally.streams.imports.calendar_periods import DaySpan
from bordertally.streams.imports.figures import People
from bordertally.streams.qualifiers import Qualifier


class SeriesKey(NamedTuple):
    """What the claims of a series share, but for their periods."""

    flow: str
    population: str
    unit: str
    measure: str


class PeriodFigure(NamedTuple):
    """What rows say about one period: people, the first row, how many cells, and when it was published."""

    people: People
    row: int
    cells: int
    published: datetime


class ImportedSeries:
    """The claims of one series by period. `refused`: periods without a claim although rows are about them, and why."""

    def __init__(self, key: SeriesKey, qualifier: Qualifier, per: str | None) -> None:
        self.key, self.qualifier, self.per = key, qualifier, per
        self.claims: dict[DaySpan, PeriodFigure] = {}
        self.refused: dict[DaySpan, str] = {}


def middle(people: People) -> int | float:
    """A number of people as one: the middle of a range, as totals take it."""
    return (people[0] + people[1]) / 2 if isinstance(people, tuple) else people


def added(first: People, second: People) -> People:
    """Two numbers of people together: low and high are each added up where one is a range."""
    if isinstance(first, tuple) or isinstance(second, tuple):
        (low, high), (more, most) = ((one if isinstance(one, tuple) else (one, one)) for one in (first, second))
        return low + more, high + most
    return first + second
