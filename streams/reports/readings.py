"""Readings by the column: many at once, field by field, for to go through them one by one is slow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import compress, pairwise
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple, replace

from bordertally.streams.periods import DAY, ordinal_of
from bordertally.streams.reports.sources import counts


class Reading(Struct, array_like=True, frozen=True, gc=False):
    """A claim shorter than a day, as a counter makes it. Fields as in records.Claim."""

    start: int
    end: int
    local_start: int
    local_end: int
    published: int
    report: str
    grade: str
    low: float
    best: float | None
    high: float | None


class Columns(Struct, array_like=True, frozen=True):
    """Readings in any order, a list for each field: on the wire, in the store and in memory. Fields as in Claim.

    The lists are of one length and nothing changes them, so they may be shared. What nearly all counts have in common
    takes no list: `grades` is one grade where all have it, and `lows` and `highs` are null where they are the `bests`,
    none of which is null then.
    """

    starts: list[int]
    ends: list[int]
    local_starts: list[int]
    local_ends: list[int]
    published: list[int]
    reports: list[str]
    bests: list[float | None]
    grades: str | list[str]
    lows: list[float] | None = None
    highs: list[float | None] | None = None

    @classmethod
    def of(cls, readings: Iterable[Reading]) -> Columns:
        """These readings, at least one."""
        fields: Iterator[list[Any]] = map(list, zip(*map(astuple, readings), strict=True))
        starts, ends, local_starts, local_ends, published, reports, grades, lows, bests, highs = fields
        one_grade = grades[0] if len(set(grades)) == 1 else grades
        return cls(
            starts, ends, local_starts, local_ends, published, reports, bests, one_grade, lows, highs
        ).without_saying()

    def without_saying(self) -> Columns:
        """The same without those of the lows and highs that need not be said."""
        exact = self.lows == self.bests
        return replace(
            self, lows=None if exact else self.lows, highs=None if exact and self.highs == self.bests else self.highs
        )

    def __len__(self) -> int:
        """How many readings there are."""
        return len(self.starts)

    def readings(self) -> list[Reading]:
        """One by one again."""
        times = self.starts, self.ends, self.local_starts, self.local_ends, self.published
        figures = self._every_low(), self.bests, self._every_high()
        return list(map(Reading, *times, self.reports, self._every_grade(), *figures))

    def grade(self, place: int) -> str:
        """The grade of one."""
        return self.grades if isinstance(self.grades, str) else self.grades[place]

    def _every_high(self) -> list[float | None]:
        return self.bests if self.highs is None else self.highs

    def _every_low(self) -> list[Any]:
        return self.bests if self.lows is None else self.lows

    def _every_grade(self) -> list[str]:
        return [self.grades] * len(self) if isinstance(self.grades, str) else self.grades

    @property
    def all_count(self) -> bool:
        """Whether none of them was withdrawn, or is of a grade that does not count."""
        grades = (self.grades,) if isinstance(self.grades, str) else set(self.grades)
        return all(map(counts, grades)) and not self.any_withdrawn

    @property
    def any_withdrawn(self) -> bool:
        """Whether one of them was withdrawn."""
        return self.lows is not None and None in self.bests

    @property
    def unbroken(self) -> bool:
        """Whether they are one chain without gaps or overlaps: all begin when another one ends, but the first."""
        ends = set(self.ends)
        return len(ends) == len(self.ends) and len(ends.symmetric_difference(self.starts)) == 2

    # --- others made of them ---------------------------------------------------------------------------------------

    def plus(self, more: Columns) -> Columns:
        """These and others behind them."""
        if not self.starts or not more.starts:
            return self if self.starts else more
        one_grade = self.grades == more.grades and isinstance(self.grades, str)
        exact = self.lows is None and more.lows is None
        bounded = exact and self.highs is None and more.highs is None
        return Columns(
            self.starts + more.starts,
            self.ends + more.ends,
            self.local_starts + more.local_starts,
            self.local_ends + more.local_ends,
            self.published + more.published,
            self.reports + more.reports,
            self.bests + more.bests,
            self.grades if one_grade else self._every_grade() + more._every_grade(),
            None if exact else self._every_low() + more._every_low(),
            None if bounded else self._every_high() + more._every_high(),
        )

    def cut(self, first: int, last: int) -> Columns:
        """Those from one place up to another, exclusive."""
        return self._each(lambda column: column[first:last])

    def picked(self, wanted: Sequence[bool]) -> Columns:
        """Those for which it says so."""
        return self._each(lambda column: list(compress(column, wanted)))

    def by_day(self) -> Iterator[tuple[int, Columns]]:
        """Those that begin on each day (an ordinal), on each in the order they have here."""
        begins = list[int]()
        midnight = end = 0
        for place, local in enumerate(self.local_starts):
            if not midnight <= local < end:  # mostly it is the day of the one before
                begins.append(place)
                midnight = local - local % DAY
                end = midnight + DAY
        if len(begins) == 1:
            yield ordinal_of(midnight), self
            return
        runs = defaultdict[int, list[slice]](list)
        for first, last in pairwise([*begins, len(self)]):
            runs[ordinal_of(self.local_starts[first])].append(slice(first, last))
        for day, parts in runs.items():
            yield day, self._each(partial(_joined, parts))

    def _each(self, change: Callable[[list[Any]], list[Any]]) -> Columns:
        return Columns(*[change(one) if isinstance(one, list) else one for one in astuple(self)])


def _joined(parts: Iterable[slice], column: list[Any]) -> list[Any]:
    return [one for part in parts for one in column[part]]


NO_READINGS = Columns([], [], [], [], [], [], [], [])


class Readings(Struct, array_like=True, frozen=True):
    """Readings of one source on one flow, about one population in one unit: at least one."""

    flow: str
    source: str
    population: str
    unit: str
    columns: Columns

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.columns)

    def parts(self, most: int) -> Iterator[Readings]:
        """All of them, so many at once at most."""
        if self.count <= most:
            yield self
            return
        for first in range(0, self.count, most):
            yield replace(self, columns=self.columns.cut(first, first + most))
