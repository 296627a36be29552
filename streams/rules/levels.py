"""Levels of daily people that sources state, or that follow from a change they state."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from operator import attrgetter
from typing import NamedTuple

from bordertally.streams.ledger.stated_levels import LevelKind, LevelStatement
from bordertally.streams.ledger.tree import Node
from bordertally.streams.reports.claims import NO_NORMAL, period_of
from bordertally.streams.reports.sources import WEIGHT
from bordertally.streams.rules.config import Detection

Kind = LevelKind


class Level(NamedTuple):
    """A level that a source stated, or that follows from a change it stated: people a day, low..high."""

    kind: Kind
    population: str
    first_day: int
    last_day: int
    low: float
    high: float
    trust: tuple[float, int, str]
    source: str
    report: str

    def days(self, rules: Detection) -> range:
        """The days for which the level may be the baseline."""
        before = rules.stated_before_days if self.kind == "stated" else 0
        return range(self.first_day - before, self.last_day + rules.stated_after_days + 1)


def level_of(statement: LevelStatement) -> Level:
    """The level of a statement in force: the stated normal, or the daily rate of the period before a stated change."""
    kind, claim = statement
    period = period_of(claim)
    trust = (WEIGHT[claim.grade], claim.published, claim.report)
    low, high = claim.normal or NO_NORMAL
    if kind == "derived":
        assert claim.best is not None
        assert claim.change_percent is not None
        low = high = claim.best / period.days / (1 + claim.change_percent / 100)
    days = (period.first_day, period.last_day)
    return Level(kind, claim.population, *days, low, high, trust, claim.source, claim.report)


def levels(node: Node) -> list[Level]:
    """The stated and derived levels of a flow."""
    return list(map(level_of, node.levels))


def nearness(level: Level, day: int) -> tuple[object, ...]:
    """Which of several levels of a kind a day goes by: that with the greatest nearness.

    The latest that begins on or before the day, else the first after it; of levels that begin on one day that of all
    people, then the more trusted, then the later published.
    """
    begun = level.first_day <= day
    return (begun, level.first_day if begun else -level.first_day, level.population == "people", level.trust, level)


_first_day = attrgetter("first_day")


class Levels:
    """The levels of a flow by kind and first day, so that those near a day are found without looking at the others."""

    def __init__(self, known: Iterable[Level] = ()) -> None:
        self._levels: dict[Kind, list[Level]] = {"stated": [], "derived": []}
        self._longest = 0
        for level in known:
            self.add(level)

    def add(self, level: Level) -> None:
        """Keep one more level."""
        insort(self._levels[level.kind], level, key=_first_day)
        self._longest = max(self._longest, level.last_day - level.first_day)

    def remove(self, level: Level) -> None:
        """Drop a level that was added."""
        same_kind = self._levels[level.kind]
        del same_kind[same_kind.index(level, bisect_left(same_kind, level.first_day, key=_first_day))]

    def near(self, day: int, rules: Detection) -> list[Level]:
        """The levels of each kind that may be the nearest to a day: valid on it, and first days nearest to it."""
        return [level for kind, levels in self._levels.items() if levels for level in self._near(kind, day, rules)]

    def _near(self, kind: Kind, day: int, rules: Detection) -> list[Level]:
        levels, nearest = self._levels[kind], list[Level]()
        later = bisect_right(levels, day, key=_first_day)
        oldest = day - rules.stated_after_days - self._longest
        for place in range(later - 1, -1, -1):
            level = levels[place]
            if level.first_day < (nearest[0].first_day if nearest else oldest):
                break
            if day in level.days(rules):
                nearest.append(level)
        if nearest:
            return nearest
        for place in range(later, len(levels)):
            level = levels[place]
            if day not in level.days(rules) or (nearest and level.first_day > nearest[0].first_day):
                break
            nearest.append(level)
        return nearest
