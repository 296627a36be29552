"""Groups: the counting claims of one series, split into runs of days that overlapping claims connect.

Adding, correcting or withdrawing a claim changes only the groups that the claim touches, so the cost does not grow with
the number of claims in the series.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from bordertally.streams.periods import days_of, midnight
from bordertally.streams.reconciliation.chains import WHOLE_DAYS, Chain
from bordertally.streams.reconciliation.constraints import Constraint, Kind, Trust
from bordertally.streams.reconciliation.room import is_movable
from bordertally.streams.reports.claims import Claim, is_exact
from bordertally.streams.reports.sources import WEIGHT


@dataclass(slots=True)
class Group:
    """A run of days, `first` to `last` (ordinals, inclusive), and the claims that connect them, earliest first.

    `by_end`: the same claims, ordered by their end. `chain`: the days of a long run, as far as they are worked out.
    `added`: the claims added since then; None where a claim may have gone.
    """

    first: int
    last: int
    constraints: list[Constraint]
    by_end: list[Constraint]
    chain: Chain | None = None
    added: list[Constraint] | None = None

    @classmethod
    def of(cls, first: int, last: int, constraints: list[Constraint]) -> Group:
        """Return the group of constraints in order of their start."""
        return cls(first, last, constraints, sorted(constraints, key=_by_end))

    @property
    def is_long(self) -> bool:
        """Whether the days are worked out one after the other, and not as a whole."""
        return self.last - self.first >= WHOLE_DAYS

    def ending(self, first: int, last: int) -> list[Constraint]:
        """Return the claims whose last day is one of `first` to `last`, inclusive."""
        ends = self.by_end
        return ends[bisect_right(ends, midnight(first), key=_end) : bisect_right(ends, midnight(last + 1), key=_end)]

    def touching(self, day: int, last_day: int | None = None) -> list[Constraint]:
        """Return the claims about a day, or about any of the days `day` to `last_day`, inclusive."""
        end = midnight((day if last_day is None else last_day) + 1)
        return [
            claim for claim in self.by_end[bisect_right(self.by_end, midnight(day), key=_end) :] if claim.start < end
        ]

    def undo(self, day: int) -> None:
        """Note that what is known of a day has changed."""
        if self.chain is not None:
            self.chain.undo(day)


_first, _last = attrgetter("first"), attrgetter("last")
_start, _end = attrgetter("start"), attrgetter("end")
_order = attrgetter("start", "end", "trust", "low", "best")
_by_end = attrgetter("end", "start", "trust", "low", "best")


class Groups:
    """The groups of one series, in order of their days. No two groups share a day."""

    def __init__(self) -> None:
        self._groups: list[Group] = []
        self._rates: dict[int, float] = {}
        self.last_figure: int | None = None
        """The last day that a claim covers that is no lower bound; None without such claims."""
        self.movable = 0
        """The number of claims whose people may be moved among their days (see room.py)."""

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
        if not touched:
            self._groups.insert(left, Group(days[0], days[-1], [constraint], [constraint]))
        else:
            group = touched[0]
            if len(touched) > 1:  # those after the first are worked out anew
                together = [each for old in touched for each in old.constraints]
                group = Group.of(touched[0].first, touched[-1].last, together)
                group.chain, group.added = touched[0].chain, touched[0].added
                self._groups[left:right] = [group]
            _extend(group, constraint, days)
        self._raise_rates(constraint, days)
        self.movable += is_movable(constraint)
        if constraint.kind is not Kind.AT_LEAST and (self.last_figure is None or days[-1] > self.last_figure):
            self.last_figure = days[-1]

    def remove(self, claim: Claim) -> None:
        """Remove a claim that was added; its group may split."""
        self.delete(constraint_of(claim))

    def delete(self, constraint: Constraint) -> None:
        """Remove a constraint that was inserted, as `remove` does."""
        days = days_of(constraint.start, constraint.end)
        place = bisect_left(self._groups, days[0], key=_last)
        group = self._groups[place]
        _remove(group.constraints, constraint, _order)
        _remove(group.by_end, constraint, _by_end)
        group.undo(days[-1])
        group.added = None
        left = group.touching(days[0], days[-1])
        self._lower_rates(days, left)
        self.movable -= is_movable(constraint)
        self._shrink(place, days, left)
        if constraint.kind is not Kind.AT_LEAST and days[-1] == self.last_figure:
            self.last_figure = self._find_last_figure()

    def _shrink(self, place: int, days: range, left: Iterable[Constraint]) -> None:
        """Find the days of a group again after a claim on `days` went; `left`: the claims about these days."""
        group = self._groups[place]
        if not group.constraints:
            del self._groups[place]
            return
        group.first = days_of(group.constraints[0].start, group.constraints[0].end)[0]
        group.last = days_of(group.by_end[-1].start, group.by_end[-1].end)[-1]
        if not _is_connected(range(max(days[0], group.first), min(days[-1], group.last) + 1), left):
            self._groups[place : place + 1] = _parts_of(group)

    def _find_last_figure(self) -> int | None:
        figures = (
            days_of(claim.start, claim.end)[-1]
            for group in reversed(self._groups)
            for claim in reversed(group.by_end)
            if claim.kind is not Kind.AT_LEAST
        )
        return next(figures, None)

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


def _extend(group: Group, constraint: Constraint, days: range) -> None:
    """Add a constraint to a group that it touches."""
    group.first, group.last = min(group.first, days[0]), max(group.last, days[-1])
    insort(group.constraints, constraint, key=_order)
    insort(group.by_end, constraint, key=_by_end)
    group.undo(days[-1])
    if group.added is not None:
        group.added.append(constraint)


def _remove(ordered: list[Constraint], constraint: Constraint, key: Callable[[Constraint], Any]) -> None:
    """Remove a constraint from a list ordered by `key`."""
    place = bisect_left(ordered, key(constraint), key=key)
    del ordered[ordered.index(constraint, place)]


def _is_connected(days: range, left: Iterable[Constraint]) -> bool:
    """Whether the claims that are left about some days cover each of them, and connect each with the next."""
    if not days:
        return True
    covered = connected = 0  # as bits
    for each in left:
        about = days_of(each.start, each.end)
        first, last = max(about[0] - days[0], 0), min(about[-1], days[-1]) - days[0]
        covered |= (2 << last) - (1 << first)
        connected |= (1 << last) - (1 << first)
    whole = len(days)
    return covered == (1 << whole) - 1 and connected == (1 << (whole - 1)) - 1


def _parts_of(group: Group) -> list[Group]:
    """The groups that the claims of a group make, after some claim of it was removed."""
    runs: list[tuple[int, int, list[Constraint]]] = []
    for each in group.constraints:
        days = days_of(each.start, each.end)
        if runs and days[0] <= runs[-1][1]:
            first, last, claims = runs[-1]
            claims.append(each)
            runs[-1] = first, max(last, days[-1]), claims
        else:
            runs.append((days[0], days[-1], [each]))
    parts = [Group.of(*run) for run in runs]
    if parts and group.chain is not None and parts[0].first == group.first:
        parts[0].chain = group.chain
        group.chain.undo(parts[0].last + 1)
    return parts


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
