"""Readings in columns: one list for each field, because one object for each reading would be slow."""

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
    """A claim shorter than a day, such as the hourly figure of a counter. The fields are those of Claim."""

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
    origin: str | None = None


class Columns(Struct, array_like=True, frozen=True):
    """Readings in any order, one list for each field of Reading: on the wire, in the store and in memory.

    The lists have one length and never change, so they may be shared. Values that nearly all counts have in common take
    no list: `grades` is a single grade where all readings have it, and so is `origins`; `lows` and `highs` are null
    where they equal `bests`. In that case no reading is withdrawn.
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
    origins: str | list[str | None] | None = None

    @classmethod
    def of(cls, readings: Iterable[Reading]) -> Columns:
        """The columns of readings, at least one."""
        fields: Iterator[list[Any]] = map(list, zip(*map(astuple, readings), strict=True))
        starts, ends, local_starts, local_ends, published, reports, grades, lows, bests, highs, origins = fields
        one_grade = grades[0] if len(set(grades)) == 1 else grades
        one_origin = origins[0] if len(set(origins)) == 1 else origins
        return cls(
            starts, ends, local_starts, local_ends, published, reports, bests, one_grade, lows, highs, one_origin
        ).without_saying()

    def without_saying(self) -> Columns:
        """The same readings, with `lows` and `highs` left out where they equal `bests`."""
        exact = self.lows == self.bests
        return replace(
            self, lows=None if exact else self.lows, highs=None if exact and self.highs == self.bests else self.highs
        )

    def __len__(self) -> int:
        """The number of readings."""
        return len(self.starts)

    def readings(self) -> list[Reading]:
        """The readings as objects, in the same order."""
        times = self.starts, self.ends, self.local_starts, self.local_ends, self.published
        figures = self._every_low(), self.bests, self._every_high()
        return list(map(Reading, *times, self.reports, self._every_grade(), *figures, self._every_origin()))

    def grade(self, place: int) -> str:
        """The grade of the reading at a place."""
        return self.grades if isinstance(self.grades, str) else self.grades[place]

    def origin(self, place: int) -> str | None:
        """The origin of the reading at a place; None where it is the source itself."""
        return self.origins[place] if isinstance(self.origins, list) else self.origins

    def _every_origin(self) -> list[str | None]:
        return self.origins if isinstance(self.origins, list) else [self.origins] * len(self)

    def _every_high(self) -> list[float | None]:
        return self.bests if self.highs is None else self.highs

    def _every_low(self) -> list[Any]:
        return self.bests if self.lows is None else self.lows

    def _every_grade(self) -> list[str]:
        return [self.grades] * len(self) if isinstance(self.grades, str) else self.grades

    @property
    def all_count(self) -> bool:
        """Whether every reading counts: none is withdrawn, and every grade counts."""
        grades = (self.grades,) if isinstance(self.grades, str) else set(self.grades)
        return all(map(counts, grades)) and not self.any_withdrawn

    @property
    def any_withdrawn(self) -> bool:
        """Whether any reading is withdrawn."""
        return self.lows is not None and None in self.bests

    @property
    def unbroken(self) -> bool:
        """Whether the periods form one chain without gaps or overlaps: each but the first begins where another ends."""
        ends = set(self.ends)
        return len(ends) == len(self.ends) and len(ends.symmetric_difference(self.starts)) == 2

    # --- derived columns -------------------------------------------------------------------------------------------

    def plus(self, more: Columns) -> Columns:
        """These readings, followed by others."""
        if not self.starts or not more.starts:
            return self if self.starts else more
        one_grade = self.grades == more.grades and isinstance(self.grades, str)
        exact = self.lows is None and more.lows is None
        bounded = exact and self.highs is None and more.highs is None
        one_origin = self.origins == more.origins and not isinstance(self.origins, list)
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
            self.origins if one_origin else self._every_origin() + more._every_origin(),
        )

    def cut(self, first: int, last: int) -> Columns:
        """The readings from place `first` up to place `last`, exclusive."""
        return self._each(lambda column: column[first:last])

    def picked(self, wanted: Sequence[bool]) -> Columns:
        """The readings whose entry in `wanted` is true."""
        return self._each(lambda column: list(compress(column, wanted)))

    def by_day(self) -> Iterator[tuple[int, Columns]]:
        """The readings that begin on each day (an ordinal), in their order here."""
        begins = list[int]()
        midnight = end = 0
        for place, local in enumerate(self.local_starts):
            if not midnight <= local < end:  # mostly it is the day of the reading before
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
        return Columns(*[change(column) if isinstance(column, list) else column for column in astuple(self)])


def _joined(parts: Iterable[slice], column: list[Any]) -> list[Any]:
    return [value for part in parts for value in column[part]]


NO_READINGS = Columns([], [], [], [], [], [], [], [])


class Readings(Struct, array_like=True, frozen=True):
    """The readings of one source on one flow, of one population in one unit; at least one."""

    flow: str
    source: str
    population: str
    unit: str
    columns: Columns

    @property
    def count(self) -> int:
        """The number of readings."""
        return len(self.columns)

    def parts(self, most: int) -> Iterator[Readings]:
        """All readings in parts of at most `most`."""
        if self.count <= most:
            yield self
            return
        for first in range(0, self.count, most):
            yield replace(self, columns=self.columns.cut(first, first + most))
