"""Groups: the counting claims of one series, split into runs of days that overlapping claims connect.

Adding, correcting or withdrawing a claim changes only the groups that the claim touches, so the cost does not grow with
the number of claims in the series.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter

from bordertally.streams.periods import days_of, midnight
from bordertally.streams.reconciliation.constraints import Constraint, Kind, Trust
from bordertally.streams.reports.claims import Claim, is_exact
from bordertally.streams.reports.sources import WEIGHT


@dataclass(slots=True)
class Group:
    """A run of days, `first` to `last` (ordinals, inclusive), and the claims that connect them, earliest first."""

    first: int
    last: int
    constraints: list[Constraint]


_first, _last, _start = attrgetter("first"), attrgetter("last"), attrgetter("start")
_order = attrgetter("start", "end", "trust", "low", "best")


class Groups:
    """The groups of one series, in order of their days. No two groups share a day."""

    def __init__(self) -> None:
        self._groups: list[Group] = []
        self._rates: dict[int, float] = {}
        self.last_figure: int | None = None
        """The last day that a claim covers that is no lower bound; None without such claims."""

    def __iter__(self) -> Iterator[Group]:
        return iter(self._groups)

    def __len__(self) -> int:
        return len(self._groups)

    @property
    def last(self) -> int | None:
        """The last day that any claim covers; None without claims."""
        return self._groups[-1].last if self._groups else None

    def of(self, day: int) -> Group | None:
        """Return the group of a day; None when no claim covers the day."""
        place = bisect_left(self._groups, day, key=_last)
        return self._groups[place] if place < len(self._groups) and self._groups[place].first <= day else None

    def rate(self, day: int) -> float:
        """Return the highest daily rate that a claim gives a day, upper bounds aside; 0 without one."""
        return self._rates.get(day, 0.0)

    def beginning(self, first: int, last: int) -> Iterator[Constraint]:
        """Yield the claims whose first day is one of `first` to `last`, inclusive."""
        begin, end = midnight(first), midnight(last + 1)
        for place in range(bisect_left(self._groups, first, key=_last), len(self._groups)):
            group = self._groups[place]
            if group.first > last:
                return
            for constraint in group.constraints[bisect_left(group.constraints, begin, key=_start) :]:
                if constraint.start >= end:
                    break
                yield constraint

    def add(self, claim: Claim) -> None:
        """Add a claim; the groups whose days it covers become one group."""
        self.insert(constraint_of(claim))

    def insert(self, constraint: Constraint) -> None:
        """Add a constraint, as `add` does."""
        days = days_of(constraint.start, constraint.end)
        left = bisect_left(self._groups, days[0], key=_last)
        right = bisect_right(self._groups, days[-1], key=_first)
        touched = self._groups[left:right]
        group = Group(
            min([days[0], *[old.first for old in touched]]),
            max([days[-1], *[old.last for old in touched]]),
            [each for old in touched for each in old.constraints],
        )
        insort(group.constraints, constraint, key=_order)
        self._groups[left:right] = [group]
        self._raise_rates(constraint, days)
        if constraint.kind is not Kind.AT_LEAST and (self.last_figure is None or days[-1] > self.last_figure):
            self.last_figure = days[-1]

    def remove(self, claim: Claim) -> None:
        """Remove a claim that was added; its group may split."""
        self.delete(constraint_of(claim))

    def delete(self, constraint: Constraint) -> None:
        """Remove a constraint that was inserted, as `remove` does."""
        place = bisect_left(self._groups, days_of(constraint.start, constraint.end)[0], key=_last)
        left = self._groups[place].constraints
        left.remove(constraint)
        self._lower_rates(days_of(constraint.start, constraint.end), left)
        parts: list[Group] = []
        for each in left:
            days = days_of(each.start, each.end)
            if parts and days[0] <= parts[-1].last:
                parts[-1].last = max(parts[-1].last, days[-1])
                parts[-1].constraints.append(each)
            else:
                parts.append(Group(days[0], days[-1], [each]))
        self._groups[place : place + 1] = parts
        if constraint.kind is not Kind.AT_LEAST and days_of(constraint.start, constraint.end)[-1] == self.last_figure:
            self.last_figure = self._find_last_figure()

    def _find_last_figure(self) -> int | None:
        for group in reversed(self._groups):
            figures = [claim for claim in group.constraints if claim.kind is not Kind.AT_LEAST]
            if figures:
                return max([days_of(claim.start, claim.end)[-1] for claim in figures])
        return None

    def _raise_rates(self, constraint: Constraint, days: Iterable[int]) -> None:
        if constraint.kind is not Kind.AT_MOST:
            rate = constraint.daily_rate
            for day in days:
                if rate > self._rates.get(day, 0.0):
                    self._rates[day] = rate

    def _lower_rates(self, days: range, left: Iterable[Constraint]) -> None:
        for day in days:
            self._rates.pop(day, None)
        for constraint in left:
            covered = days_of(constraint.start, constraint.end)
            self._raise_rates(constraint, range(max(days.start, covered.start), min(days.stop, covered.stop)))


def constraint_of(claim: Claim) -> Constraint:
    """Return the constraint that a counting claim puts on its days."""
    assert claim.best is not None
    weight = WEIGHT[claim.grade]
    return Constraint(
        claim.local_start,
        claim.local_end,
        claim.low,
        claim.best,
        claim.high,
        claim.qualifier.bound,
        Trust(
            weight,
            is_exact(claim),
            claim.published,
            claim.report,
            claim.source,
            claim.local_start,
            claim.local_end,
            claim.origin or "",
        ),
        weight,
        (claim.citation,),
    )
