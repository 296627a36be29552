"""Columns: many readings field by field, for to go through them one by one is slow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from msgspec.structs import astuple

from streams.records import Reading
from streams.sources import WEIGHT


class Columns(NamedTuple):
    """Readings, at least one, in any order: a column for each field of a Reading, in the order of its fields."""

    starts: list[int]
    ends: list[int]
    local_starts: list[int]
    local_ends: list[int]
    published: list[int]
    reports: list[str]
    grades: list[str]
    lows: list[float]
    bests: list[float | None]
    highs: list[float | None]

    @classmethod
    def of(cls, readings: Iterable[Reading]) -> Columns:
        """These readings, at least one."""
        return cls._make(map(list, zip(*map(astuple, readings), strict=True)))

    def extend(self, more: Columns) -> None:
        """Take others too."""
        mine: tuple[list[Any], ...] = self
        theirs: tuple[list[Any], ...] = more
        for column, values in zip(mine, theirs, strict=True):
            column.extend(values)

    def readings(self) -> list[Reading]:
        """One by one again."""
        return list(map(Reading, *self))

    @property
    def all_count(self) -> bool:
        """Whether none of them was withdrawn, or is of a grade that does not count."""
        return (self.lows == self.bests or None not in self.bests) and WEIGHT.keys() >= set(self.grades)

    @property
    def unbroken(self) -> bool:
        """Whether they are one chain without gaps or overlaps: all begin when another one ends, but the first."""
        ends = set(self.ends)
        return len(ends) == len(self.ends) and len(ends.symmetric_difference(self.starts)) == 2
