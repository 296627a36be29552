"""Chains: long runs of days that overlapping claims connect, worked out forward in time.

Claims are taken day by day, in order of the last day of their period. A claim first tells of the days that no earlier
claim has told of; the days before stay as the earlier claims left them. Where those leave the claim no room, the last
62 days of its period are worked out anew, together with every claim about them that ends by then, and where that does
not help, twice as many days, and so on. So one more claim costs what it touches, however long the chain is, and claims
that agree all hold.

What a chain comes to depends on the set of its claims alone. The chain remembers how each of its days was worked out,
so that it can go back to the first day that a change bears on.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import fsum
from operator import attrgetter
from typing import NamedTuple, Protocol

from bordertally.streams.periods import days_of, midnight
from bordertally.streams.reconciliation.constraints import Bin, Constraint, Floors, Kind, Misfit
from bordertally.streams.reconciliation.reconcile import (
    Before,
    ClaimSpan,
    ScenarioPeople,
    Settled,
    Solved,
    bins_of,
    holds,
    misfit_of,
    solve,
    widened,
)
from bordertally.streams.reconciliation.widening import widening_claims

WHOLE_DAYS = 14
"""Runs of up to so many days are worked out as a whole."""

LATELY = 62
"""How many of the last days of its period a claim may move before it reaches further."""


class ChainClaims(Protocol):
    """The claims of a chain, and the floors of its days."""

    def ending(self, first: int, last: int) -> list[Constraint]:
        """The claims whose last day is one of `first` to `last`, inclusive."""

    def floors(self, first: int, last: int) -> Mapping[int, Floors]:
        """The floors of the days `first` to `last`, inclusive."""


class _Day(NamedTuple):
    """A day as it was last worked out: the people of its atoms, and of the whole day, in each scenario.

    `told`: claims that say how many there were, and hold, cover the whole day. `floor`: the least people by floors to
    which no claim is superior. `yielding`: floors that give way.
    """

    edges: tuple[int, ...]
    atoms: ScenarioPeople
    people: Settled
    told: bool
    floor: float | None
    yielding: tuple[Constraint, ...]

    def part(self, start: int, end: int) -> Settled:
        """The people from `start` to `end`, in seconds of the wall clock."""
        if start <= self.edges[0] and self.edges[-1] <= end:
            return self.people
        shares = [max(0, min(end, right) - max(start, left)) / (right - left) for left, right in pairwise(self.edges)]
        return Settled(
            *[fsum([share * people for share, people in zip(shares, atoms, strict=True)]) for atoms in self.atoms]
        )


class _Step(NamedTuple):
    """A day on which claims end: the first day worked out for it, and what to put back to undo it.

    `lowest`: the first day worked out for any day up to this one. `gave_way`, `came_back`: the claims that gave way
    here and had not before, and the other way round.
    """

    day: int
    first: int
    lowest: int
    days: dict[int, _Day | None]
    gave_way: set[Constraint]
    came_back: set[Constraint]


_order = attrgetter("order")
_day_of_step = attrgetter("day")


class Chain:
    """The days of one run of overlapping claims, as far as they are worked out."""

    def __init__(self) -> None:
        self._days: dict[int, _Day] = {}
        self._steps: list[_Step] = []
        self._gone: set[Constraint] = set()
        self._missed: dict[Constraint, Misfit | None] = {}
        """The claims that do not hold; those without a misfit only pass on what another says."""
        self._stale: int | None = None  # the first day worked out anew since the chain was last told

    # --- working out -------------------------------------------------------------------------------------------

    def undo(self, day: int) -> None:
        """Go back to before the claims that end on a day: they, or something else about the day, have changed."""
        while self._steps and self._steps[-1].day >= day:
            step = self._steps.pop()
            self._mark(step.first)
            for each, before in step.days.items():
                if before is None:
                    del self._days[each]
                else:
                    self._days[each] = before
            self._gone -= step.gave_way
            self._gone |= step.came_back

    def since(self, day: int) -> int:
        """The first day whose people may depend on what is known of a day."""
        later = self._steps[bisect_left(self._steps, day, key=_day_of_step) :]
        return min([day, *[step.first for step in later]])

    def work_out(self, claims: ChainClaims, first: int, last: int) -> None:
        """Work out the days `first` to `last` of the run, as far as they are not."""
        for day in range(self._steps[-1].day + 1 if self._steps else first, last + 1):
            ending = claims.ending(day, day)
            if ending:
                self._take(claims, day, ending)

    def _take(self, claims: ChainClaims, day: int, ending: list[Constraint]) -> None:
        first = min([self._first_untold(claim) for claim in ending])
        lowest = min(first, self._steps[-1].lowest) if self._steps else first
        lately = max(day - LATELY + 1, min([days_of(claim.start, claim.end)[0] for claim in ending]))
        solved = self._solve(claims, first, day)
        while solved.blocked and first > lowest:
            first = max(lowest, lately if lately < first else first - (day + 1 - first))
            solved = self._solve(claims, first, day)
        self._settle(solved, first, day, lowest)

    def _first_untold(self, claim: Constraint) -> int:
        days = days_of(claim.start, claim.end)
        return next((day for day in days if (known := self._days.get(day)) is None or not known.told), days[-1])

    def _solve(self, claims: ChainClaims, first: int, last: int) -> Solved:
        begin = midnight(first)
        window = claims.ending(first, last)
        settled = {claim: self.people(claim.start, begin) for claim in window if claim.start < begin}
        overruled = [claim for claim in settled if claim in self._gone]
        return solve(window, claims.floors(first, last), first, last, Before(settled, overruled))

    def _settle(self, solved: Solved, first: int, last: int, lowest: int) -> None:
        before = {day: self._days.get(day) for day in range(first, last + 1)}
        gone = {claim for claim in solved.gone if claim.bound is None}
        gave_way, came_back = (
            gone - self._gone,
            {placed.claim for placed in solved.placed if placed.claim in self._gone} - gone,
        )
        self._steps.append(_Step(last, first, lowest, before, gave_way, came_back))
        self._gone -= came_back
        self._gone |= gave_way
        self._mark(first)
        told = 0
        yielding: dict[int, list[Constraint]] = {}
        for placed in solved.placed:
            claim, (left, right) = placed.claim, placed.span
            if claim.bound is not None:
                yielding.setdefault(days_of(claim.start, claim.end)[0], []).append(claim)
            elif claim.kind is Kind.EQUAL and not claim.partial and claim not in solved.gone:
                told |= (1 << right) - (1 << left)
        for day, (left, right) in solved.days.items():
            atoms = ScenarioPeople(*[people[left:right] for people in solved.people])
            span, fact = (1 << right) - (1 << left), solved.facts.get(day)
            self._days[day] = _Day(
                tuple(solved.edges[left : right + 1]),
                atoms,
                Settled(*map(fsum, atoms)),
                told & span == span,
                None if fact is None else fact.low,
                tuple(yielding.get(day, ())),
            )

    def people(self, start: int, end: int) -> Settled:
        """The people from `start` to `end`, in seconds of the wall clock, in each scenario."""
        days = days_of(start, end)
        parts = [known.part(start, end) for day in {days[0], days[-1]} if (known := self._days.get(day)) is not None]
        parts += [known.people for day in days[1:-1] if (known := self._days.get(day)) is not None]
        return Settled(*map(fsum, zip(*parts, strict=True))) if parts else Settled(0.0, 0.0, 0.0)

    def _mark(self, day: int) -> None:
        self._stale = day if self._stale is None else min(self._stale, day)

    # --- telling -----------------------------------------------------------------------------------------------

    def bins(self, claims: ChainClaims, touched: int, last: int) -> dict[int, Bin | None]:
        """The bins that may have changed since they were last asked for, None for a day without one.

        `touched`: the first day on which claims have changed. Updates `misfits`.
        """
        stale = last + 1 if self._stale is None else self._stale
        self._stale = None
        first = max(self._steps[-1].lowest, min(touched, stale, self._judge(claims, touched, stale, last)))
        about = claims.ending(first, last)
        disputed = [misfit for claim in about if (misfit := self._missed.get(claim)) is not None]
        begin = min([first, *[days_of(claim.start, claim.end)[0] for claim in widening_claims(disputed)]])
        edges, days, atoms = self._joined(begin, last)
        spans = [_span(claim, edges) for claim in about]
        lengths = [float(right - left) for left, right in pairwise(edges)]
        floors = [(days[day], floor) for day in days if (floor := self._days[day].floor) is not None]
        bins = bins_of(
            spans,
            {day: span for day, span in days.items() if day >= first},
            claims.floors(first, last),
            widened(atoms, spans, disputed, lengths, floors),
            disputed,
        )
        return {day: bins.get(day) for day in range(first, last + 1)}

    @property
    def misfits(self) -> list[Misfit]:
        """The claims and floors that cannot hold, in order of trust."""
        return sorted(
            [misfit for misfit in self._missed.values() if misfit is not None],
            key=attrgetter("constraint.order"),
        )

    def _judge(self, claims: ChainClaims, touched: int, stale: int, last: int) -> int:
        """Find the misfits again; return the first day of a claim that does not hold, or did not.

        `touched`, `stale`: the first day of a claim that changed, and the first day that was worked out anew.
        """
        about = [*claims.ending(stale, last), *self._yielding(stale, last)]
        begin = midnight(stale)
        before = [claim for claim in self._missed if claim.end > begin]
        for claim in before:
            del self._missed[claim]
        missed = [claim for claim in about if not holds(claim, self.people(claim.start, claim.end).best)]
        self._missed.update(dict.fromkeys(missed))
        if self._missed:  # also those of earlier days may have other rivals now
            earliest = min([midnight(touched), begin, *[claim.start for claim in about]])
            for claim in [claim for claim in self._missed if claim.end > earliest]:
                people = self.people(claim.start, claim.end).best
                self._missed[claim] = misfit_of(claim, people, self._beside(claims, claim, last))
                before.append(claim)
        return min([days_of(claim.start, claim.end)[0] for claim in before], default=last + 1)

    def _beside(self, claims: ChainClaims, claim: Constraint, last: int) -> list[Constraint]:
        days = days_of(claim.start, claim.end)
        others = [*claims.ending(days[0], last), *self._yielding(days[0], days[-1])]
        order = claim.order
        beside = [
            other
            for other in others
            if other.start < claim.end and claim.start < other.end and other not in self._missed and other.order > order
        ]
        return sorted(beside, key=_order)

    def _yielding(self, first: int, last: int) -> Iterable[Constraint]:
        return [claim for day in range(first, last + 1) if day in self._days for claim in self._days[day].yielding]

    def _joined(self, first: int, last: int) -> tuple[list[int], dict[int, tuple[int, int]], ScenarioPeople]:
        edges, days, atoms = [midnight(first)], dict[int, tuple[int, int]](), ScenarioPeople([], [], [])
        for day in range(first, last + 1):
            known = self._days[day]
            days[day] = len(edges) - 1, len(edges) - 2 + len(known.edges)
            edges += known.edges[1:]
            for joined, of_day in zip(atoms, known.atoms, strict=True):
                joined.extend(of_day)
        return edges, days, atoms


def _span(claim: Constraint, edges: Sequence[int]) -> ClaimSpan:
    """The atoms that a claim covers whole."""
    return claim, bisect_left(edges, max(claim.start, edges[0])), bisect_right(edges, claim.end) - 1
