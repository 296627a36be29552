"""One series of a flow: the claims about one population and unit, and the day bins they come to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from math import fsum
from typing import NamedTuple

from bordertally.streams.ledger.citations import Cites
from bordertally.streams.ledger.counts import Counts
from bordertally.streams.ledger.groups import Group, Groups
from bordertally.streams.ledger.rows import BLOCK_DAYS, PEOPLE, Key
from bordertally.streams.ledger.versions import UNMOVED, Outcome, outcome_of
from bordertally.streams.periods import DAY, Period, ordinal_of
from bordertally.streams.reconciliation.constraints import Bin, Constraint, Kind, Misfit, day_span
from bordertally.streams.reconciliation.reconcile import reconcile
from bordertally.streams.reports.claims import Claim, Identity, period_of, reading_of
from bordertally.streams.reports.readings import Columns
from bordertally.streams.reports.sources import counts

CITED_DAYS = 64
"""How many days of a series keep their evidence at hand; half of them are at least the days of the longest window."""

STRETCHES = 4
"""How many stretches of days are kept at hand: at least one for each window of more than a few days."""


class Unverified(NamedTuple):
    """A claim of a grade that does not count: it may widen an upper bound to `people` over its days."""

    first_day: int
    last_day: int
    people: float


class Sums(NamedTuple):
    """What some days come to: how many there are, lows, bests and highs added up; `high` None where one is open."""

    days: int = 0
    low: float = 0.0
    best: float = 0.0
    high: float | None = 0.0

    def plus(self, other: Sums) -> Sums:
        """These days and others."""
        high = None if self.high is None or other.high is None else self.high + other.high
        return Sums(self.days + other.days, self.low + other.low, self.best + other.best, high)

    def plus_day(self, held: Bin) -> Sums:
        """These days and another one."""
        low, best, most, _ = held
        high = None if self.high is None or most is None else self.high + most
        return Sums(self.days + 1, self.low + low, self.best + best, high)


class DayRun:
    """Days in a row that hold something, newest first, what they come to, and their evidence once it was asked for.

    `beyond`: without the ids of counts. `row`: with them (see Gathered); `scattered`: there is no such row.
    """

    __slots__ = ("beyond", "days", "row", "scattered", "sums")

    def __init__(self, days: Sequence[int], sums: Sums) -> None:
        self.days, self.sums = days, sums
        self.beyond: Cites | None = None
        self.row: Cites | None = None
        self.scattered = False


class Series:
    """Claims of one flow, population and unit, kept by identity, and their day bins, recomputed where touched."""

    def __init__(self, key: Key = PEOPLE) -> None:
        self.claims: dict[Identity, Claim] = {}
        self.uncounted: dict[Identity, Claim] = {}  # those of grades that do not count
        self.groups = Groups()  # of those that do
        self.counts = Counts(key)
        self.bins: dict[int, Bin] = {}
        self.last: int | None = None
        self.cites: dict[int, Cites] = {}
        self.misfits: dict[tuple[int, int], list[Misfit]] = {}
        self._misfit_spans: dict[int, tuple[int, int]] = {}  # by day
        self._blocks: dict[int, dict[Identity, Claim]] = {}
        self._stretches: dict[tuple[int, int], DayRun] = {}
        self._unverified: list[Unverified] | None = None

    # --- keeping claims ----------------------------------------------------------------------------------------

    def add(self, claim: Claim, period: Period | None = None) -> Outcome:
        """Add a claim: the latest published of an identity is in force, whatever the order of arrival."""
        period = period or period_of(claim)
        if period.part_of_day:
            (outcome,) = self.counts.add(claim.source, Columns.of([reading_of(claim)])).outcomes
            return outcome
        key = claim.identity
        held = self.claims.get(key)
        outcome = outcome_of(claim, held)
        if outcome not in UNMOVED:
            if held is not None:
                self._drop(key, held)
            self._keep_claim(key, claim)
        return outcome

    def _drop(self, key: Identity, claim: Claim) -> None:
        del self._blocks[_block_of(claim)][key]
        if not counts(claim.grade):
            del self.uncounted[key]
            self._unverified = None
        elif claim.best is not None:
            self.groups.remove(claim)

    def _keep_claim(self, key: Identity, claim: Claim) -> None:
        self.claims[key] = claim
        self._blocks.setdefault(_block_of(claim), {})[key] = claim
        if not counts(claim.grade):
            self.uncounted[key] = claim
            self._unverified = None
        elif claim.best is not None:
            self.groups.add(claim)

    def begun(self, block: int) -> Collection[Claim]:
        """The claims whose period begins in a block of BLOCK_DAYS days, withdrawn ones too, in no order."""
        return self._blocks.get(block, {}).values()

    def worded(self, first: int, last: int) -> Iterator[Claim]:
        """Statements in force that came with their words, whose period begins on one of these days, in no order."""
        for block in range(first // BLOCK_DAYS, last // BLOCK_DAYS + 1):
            for claim in self.begun(block):
                if claim.text is not None and claim.best is not None and first <= ordinal_of(claim.local_start) <= last:
                    yield claim

    # --- day bins ----------------------------------------------------------------------------------------------

    def own_last(self) -> int | None:
        """The last day that a counting claim of this very series covers."""
        said, counted = self.groups.last, self.counts.last
        return counted if said is None else said if counted is None else max(said, counted)

    def own_covers(self, day: int) -> bool:
        """Whether a counting claim of this very series touches the day."""
        if self.counts.folded(day):
            return True
        start, end = day_span(day)
        group = self.groups.of(day)
        return group is not None and any(one.start < end and one.end > start for one in group.constraints)

    def withdrew(self, day: int) -> bool:
        """Whether a claim of this very series about the day was withdrawn."""
        start, end = day_span(day)
        return self.counts.withdrew(day) or any(
            one.best is None and one.local_start < end and one.local_end > start for one in self.claims.values()
        )

    def constraints(self, day: int) -> list[Constraint]:
        """The counting claims of this very series that touch a day, and those connected with them by others."""
        group = self.groups.of(day)
        return [*([] if group is None else group.constraints), *self.counts.folded(day)]

    def span(self, days: Iterable[int]) -> set[int]:
        """All days whose bins depend on the claims and floors of these days."""
        if not self.groups:
            return set(days)
        wide: set[int] = set()
        for day in days:
            if day not in wide:
                group = self.groups.of(day)
                wide.update((day,) if group is None else range(group.first, group.last + 1))
        return wide

    def reach(self, first: int, last: int) -> tuple[int, int]:
        """The first and the last day whose bins depend on those from `first` to `last`, all inclusive."""
        before, after = self.groups.of(first), self.groups.of(last)
        return first if before is None else before.first, last if after is None else after.last

    def recompute(self, days: Iterable[int], floors: Mapping[int, Bin]) -> set[int]:
        """Recompute the bins of `days` (closed under `span`) on these floors; returns the days that changed."""
        changed: set[int] = set()
        done: set[int] = set()
        for day in sorted(days):
            if day in done:
                continue
            group = self.groups.of(day) or Group(day, day, [])
            if group.first == group.last and len(group.constraints) <= 1:
                alone = [*group.constraints, *self.counts.folded(day)]
                if len(alone) + (day in floors) <= 1 and all(map(_is_figure, alone)):  # there is nothing to reconcile
                    self._forget_misfits(day, day)
                    if self._store(day, _only(alone, floors.get(day))):
                        changed.add(day)
                    continue
            span = range(group.first, group.last + 1)
            done.update(span)
            folded = [one for each in span for one in self.counts.folded(each)]
            bins, misfits = reconcile([*group.constraints, *folded], floors, group.first, group.last)
            self._forget_misfits(group.first, group.last)
            if misfits:
                key = group.first, group.last
                self.misfits[key] = misfits
                self._misfit_spans.update(dict.fromkeys(span, key))
            changed.update([each for each in span if self._store(each, bins.get(each))])
        self._find_last(max(changed, default=None))
        return changed

    def _store(self, day: int, now: Bin | None) -> bool:
        """Store the bin of a day, None for none; returns whether the bin changed."""
        changed = now != self.bins.get(day)
        if now is not None:
            self.bins[day] = now
        elif changed:
            del self.bins[day]
        return changed

    def _forget_misfits(self, first: int, last: int) -> None:
        if self.misfits:
            for key in {self._misfit_spans[day] for day in range(first, last + 1) if day in self._misfit_spans}:
                del self.misfits[key]
                for day in range(key[0], key[1] + 1):
                    del self._misfit_spans[day]

    def _find_last(self, newest: int | None) -> None:
        """Keep the last day with a bin, after those up to `newest` changed."""
        if newest in self.bins and (self.last is None or newest > self.last):
            self.last = newest
        elif self.last not in self.bins:
            self.last = max(self.bins, default=None)

    # --- evidence ----------------------------------------------------------------------------------------------

    def moved(self, days: Collection[int]) -> None:
        """The bins or the evidence of these days are others now."""
        for day in days:
            self.cites.pop(day, None)
        oldest = min(days, default=0)
        for first, end in [span for span in self._stretches if oldest < span[1]]:
            if any(first <= day < end for day in days):
                del self._stretches[first, end]

    def held(self, first: int, end: int) -> list[int]:
        """The days from `first` up to `end`, exclusive, that hold something, newest first."""
        return [day for day in range(end - 1, first - 1, -1) if day in self.bins]

    def sums(self, days: Iterable[int]) -> Sums:
        """What days that hold something come to."""
        bins = [self.bins[day] for day in days]
        highs = [one.high for one in bins if one.high is not None]
        high = fsum(highs) if len(highs) == len(bins) else None
        return Sums(len(bins), fsum([one.low for one in bins]), fsum([one.best for one in bins]), high)

    def stretch(self, first: int, end: int) -> DayRun:
        """The days from `first` up to `end`, exclusive, kept until one of them moves."""
        known = self._stretches.get((first, end))
        if known is None:
            if len(self._stretches) >= STRETCHES:
                self._stretches.clear()
            days = self.held(first, end)
            known = self._stretches[first, end] = DayRun(days, self.sums(days))
        return known

    def keep_cites(self, day: int, cites: Cites) -> None:
        """Keep the evidence of a day at hand; of the oldest days no more than the windows need."""
        if len(self.cites) >= CITED_DAYS:
            for old in sorted(self.cites)[: CITED_DAYS // 2]:
                del self.cites[old]
        self.cites[day] = cites

    def own_cites(self, day: int, *, short: bool = False) -> Cites:
        """The reports of this very series behind one day; `short`: without the ids of counts."""
        start, end = day_span(day)
        group = self.groups.of(day)
        statements = {
            report
            for one in (group.constraints if group else ())
            if one.start < end and one.end > start
            for report in one.reports
        }
        said = tuple(sorted(statements))
        if short:
            return Cites(said, (), self.counts.number(day))
        cites = self.counts.cites(day)
        return Cites(said, cites.counts, cites.count_total)

    def unverified(self) -> list[Unverified]:
        """Claims of grades D to F, which may only widen an upper bound."""
        if self._unverified is None:
            found = self._unverified = []
            for claim in self.uncounted.values():
                if claim.best is not None:
                    period = period_of(claim)
                    people = claim.best if claim.high is None else claim.high
                    found.append(Unverified(period.first_day, period.last_day, people))
        return self._unverified


def _block_of(claim: Claim) -> int:
    return ordinal_of(claim.local_start) // BLOCK_DAYS


def reaches_far(claim: Claim) -> bool:
    """Whether a claim bears on days outside its period, or on more of them than their bins: a level, or a doubt."""
    return claim.normal is not None or claim.change_percent is not None or not counts(claim.grade)


def _is_figure(one: Constraint) -> bool:
    """Whether a constraint says how many, or how many at least, for exactly one day."""
    return one.start + DAY == one.end and one.start % DAY == 0 and one.kind is not Kind.AT_MOST


def _only(alone: list[Constraint], floor: Bin | None) -> Bin | None:
    """What a day holds of which one claim or one source's counts are all that is known, or a floor is, or nothing."""
    for one in alone:
        return Bin(one.low, one.best, *((None, False) if one.kind is Kind.AT_LEAST else (one.high, True)))
    return None if floor is None else floor._replace(high=None)
