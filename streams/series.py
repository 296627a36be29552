"""One series of a flow: the claims about one population and unit, and the day bins they come to."""

from __future__ import annotations

import enum
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import NamedTuple

import msgspec

from streams.periods import Period
from streams.reconcile import Bin, Constraint, Kind, Misfit, day_span, reconcile
from streams.records import Claim

WEIGHT = {"A": 4.0, "B": 2.0, "C": 1.0}
"""The say of a grade in the starting shape of the days; grades that are not here do not count."""

CITED = 100
"""At most so many report ids are cited for a figure.

Up to so many, the number of reports is exact; beyond, a report of counts on several days or flows counts for each.
"""


class Outcome(enum.StrEnum):
    """What became of a claim in the ledger; the labels of `bordertally_claims_total`."""

    NEW = "new"
    CORRECTION = "correction"
    WITHDRAWAL = "withdrawal"
    DUPLICATE = "duplicate"
    STALE = "stale"


UNMOVED = frozenset({Outcome.DUPLICATE, Outcome.STALE})
"""Outcomes that leave the ledger as it was."""


class Reading(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A claim shorter than a day within one day: a counter's reading. Fields as in records.Claim."""

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


class Cites(NamedTuple):
    """The evidence of a day: ids of statements and of counts (newest first, capped at CITED), and how many counts."""

    statements: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    count_total: int = 0

    def plus(self, others: Iterable[Cites]) -> Cites:
        """This evidence and that of others, statements once each, still capped."""
        statements, counts, beyond = {*self.statements}, dict.fromkeys(self.counts), self.beyond
        for other in others:
            statements.update(other.statements)
            beyond += other.beyond
            if len(counts) < CITED:
                counts.update(dict.fromkeys(other.counts))
            else:
                beyond += len(other.counts)
        beyond += max(0, len(counts) - CITED)
        cited = tuple(counts)[:CITED]
        return Cites(tuple(sorted(statements)), cited, len(cited) + beyond)

    @property
    def beyond(self) -> int:
        """How many counts are not cited."""
        return self.count_total - len(self.counts)


NOTHING = Cites()


class Unverified(NamedTuple):
    """A claim of a grade that does not count: it may widen an upper bound to `people` over its days."""

    first_day: int
    last_day: int
    people: float


class Series:
    """Claims of one flow, population and unit, kept by identity, and their day bins, recomputed where touched."""

    def __init__(self) -> None:
        self.claims: dict[tuple[str, int, int], Claim] = {}
        self.readings: dict[int, dict[str, dict[tuple[int, int], Reading]]] = {}
        self._overnight: dict[int, dict[str, dict[tuple[int, int], Reading]]] = {}
        self.bins: dict[int, Bin] = {}
        self.last: int | None = None
        self._last_counted: int | None = None
        self.cites: dict[int, Cites] = {}
        self.misfits: dict[tuple[int, int], list[Misfit]] = {}
        self._groups: list[tuple[int, int, list[Constraint]]] | None = None

    # --- keeping claims ----------------------------------------------------------------------------------------

    def put(self, claim: Claim, period: Period | None = None) -> Outcome:
        """Take a claim: the latest published of an identity is the one in force, whatever the order of arrival."""
        period = period or period_of(claim)
        if period.part_of_day:
            return self._put_reading(claim, period)
        key = (claim.source, claim.start, claim.end)
        held = self.claims.get(key)
        outcome = outcome_of(claim, held)
        if outcome not in UNMOVED:
            self.claims[key] = claim
            self._groups = None
        return outcome

    def _put_reading(self, claim: Claim, period: Period) -> Outcome:
        readings = self.readings.setdefault(period.first_day, {}).setdefault(claim.source, {})
        key = (claim.start, claim.end)
        new = Reading(
            claim.start,
            claim.end,
            claim.local_start,
            claim.local_end,
            claim.published,
            claim.report,
            claim.grade,
            claim.low,
            claim.best,
            claim.high,
        )
        held = readings.get(key)
        outcome = outcome_of(new, held)
        if outcome not in UNMOVED:
            readings[key] = new
            last_day = period.last_day
            if last_day > period.first_day:
                self._overnight.setdefault(last_day, {}).setdefault(claim.source, {})[key] = new
            if new.best is not None and new.grade in WEIGHT:
                if self._last_counted is None or last_day > self._last_counted:
                    self._last_counted = last_day
            elif last_day == self._last_counted:
                self._recount()
        return outcome

    def on(self, day: int) -> dict[str, list[Reading]]:
        """The counting readings of a day by source; of one that runs over midnight, the share that lies on the day."""
        start, end = day_span(day)
        found: dict[str, list[Reading]] = {}
        for kept in (self.readings.get(day, {}), self._overnight.get(day, {})):
            for source, held in kept.items():
                counting = [one for one in held.values() if one.best is not None and one.grade in WEIGHT]
                if counting:
                    found.setdefault(source, []).extend(_clipped(one, start, end) for one in counting)
        return found

    def _recount(self) -> None:
        """Find the last day that a counting reading touches, after one on it went."""
        days = self.readings.keys() | self._overnight.keys()
        self._last_counted = max((one for one in days if self.counted(one)), default=None)

    def counted(self, day: int) -> bool:
        """Whether any counting reading touches a day."""
        return any(
            one.best is not None and one.grade in WEIGHT
            for kept in (self.readings, self._overnight)
            for held in kept.get(day, {}).values()
            for one in held.values()
        )

    # --- day bins ----------------------------------------------------------------------------------------------

    def own_last(self) -> int | None:
        """The last day that a counting claim of this very series covers."""
        days = [last for _, last, _ in self.groups()[-1:]]
        if self._last_counted is not None:
            days.append(self._last_counted)
        return max(days, default=None)

    def own_covers(self, day: int) -> bool:
        """Whether a counting claim of this very series touches the day."""
        if self.counted(day):
            return True
        group = self._group(day)
        return group is not None and any(
            one.start < day_span(day)[1] and one.end > day_span(day)[0] for one in group[2]
        )

    def groups(self) -> list[tuple[int, int, list[Constraint]]]:
        """Runs of days connected by overlapping claims, in order: (first day, last day, constraints)."""
        if self._groups is None:
            groups: list[tuple[int, int, list[Constraint]]] = []
            counting = [one for one in self.claims.values() if one.grade in WEIGHT and one.best is not None]
            for claim in sorted(counting, key=lambda one: (one.local_start, one.local_end)):
                period = period_of(claim)
                constraint = _constraint(claim)
                if groups and period.first_day <= groups[-1][1]:
                    first, last, members = groups[-1]
                    groups[-1] = (first, max(last, period.last_day), [*members, constraint])
                else:
                    groups.append((period.first_day, period.last_day, [constraint]))
            self._groups = groups
        return self._groups

    def _group(self, day: int) -> tuple[int, int, list[Constraint]] | None:
        groups = self.groups()
        index = bisect_right(groups, day, key=lambda group: group[0]) - 1
        return groups[index] if index >= 0 and groups[index][1] >= day else None

    def span(self, days: Iterable[int]) -> set[int]:
        """All days whose bins depend on the claims and floors of these days."""
        wide: set[int] = set()
        for day in days:
            if day not in wide:
                group = self._group(day)
                wide.update((day,) if group is None else range(group[0], group[1] + 1))
        return wide

    def settle(self, days: Iterable[int], floors: Mapping[int, Bin]) -> set[int]:
        """Recompute the bins of `days` (closed under `span`) on these floors; returns the days that changed."""
        changed: set[int] = set()
        done: set[int] = set()
        for day in sorted(days):
            if day in done:
                continue
            group = self._group(day)
            first, last, constraints = group or (day, day, [])
            done.update(range(first, last + 1))
            bins, misfits = self._solve(first, last, constraints, floors)
            for key in [key for key in self.misfits if key[0] <= last and first <= key[1]]:
                del self.misfits[key]
            if misfits:
                self.misfits[first, last] = misfits
            for each in range(first, last + 1):
                now = bins.get(each)
                if now != self.bins.get(each):
                    changed.add(each)
                    if now is None:
                        del self.bins[each]
                    else:
                        self.bins[each] = now
        self._find_last(max(changed, default=None))
        return changed

    def _find_last(self, newest: int | None) -> None:
        """Keep the last day with a bin, after those up to `newest` changed."""
        if newest in self.bins and (self.last is None or newest > self.last):
            self.last = newest
        elif self.last not in self.bins:
            self.last = max(self.bins, default=None)

    def _solve(
        self, first: int, last: int, constraints: list[Constraint], floors: Mapping[int, Bin]
    ) -> tuple[dict[int, Bin], list[Misfit]]:
        folded = [
            fold(source, day, readings)
            for day in range(first, last + 1)
            for source, readings in sorted(self.on(day).items())
        ]
        if not constraints and first == last and (len(folded) == 0 or (len(folded) == 1 and first not in floors)):
            if not folded:
                floor = floors.get(first)
                return ({} if floor is None else {first: floor._replace(high=None)}), []
            one = folded[0]
            return {first: Bin(one.low, one.best, one.high, one.kind is not Kind.AT_LEAST)}, []
        return reconcile([*constraints, *folded], floors, first, last)

    # --- evidence ----------------------------------------------------------------------------------------------

    def own_cites(self, day: int) -> Cites:
        """The reports of this very series behind one day."""
        start, end = day_span(day)
        group = self._group(day)
        statements = {
            report
            for one in (group[2] if group else ())
            if one.start < end and one.end > start
            for report in one.reports
        }
        readings = [one for held in self.on(day).values() for one in held]
        readings.sort(key=lambda one: (one.published, one.report), reverse=True)
        newest = tuple(dict.fromkeys(one.report for one in readings))
        return Cites(tuple(sorted(statements)), newest[:CITED], len(newest))

    def unverified(self) -> list[Unverified]:
        """Claims of grades D to F, which may only widen an upper bound."""
        found = []
        for claim in self.claims.values():
            if claim.grade not in WEIGHT and claim.best is not None:
                period = period_of(claim)
                people = claim.best if claim.high is None else claim.high
                found.append(Unverified(period.first_day, period.last_day, people))
        return found


def period_of(claim: Claim) -> Period:
    """The period of a claim."""
    return Period(claim.start, claim.end, claim.local_start, claim.local_end)


def reaches_far(claim: Claim) -> bool:
    """Whether a claim bears on days outside its period, or on more of them than their bins: a level, or a doubt."""
    return claim.normal is not None or claim.change_percent is not None or claim.grade not in WEIGHT


def outcome_of(new: Claim | Reading, held: Claim | Reading | None) -> Outcome:
    """What a claim does to the one held under its identity: the order of versions is theirs, not that of arrival."""
    if held is None:
        return Outcome.WITHDRAWAL if new.best is None else Outcome.NEW
    if new == held:
        return Outcome.DUPLICATE
    if _rank(new) <= _rank(held):
        return Outcome.STALE
    if new.best is None and held.best is not None:
        return Outcome.WITHDRAWAL
    return Outcome.CORRECTION


def _rank(one: Claim | Reading) -> tuple[object, ...]:
    """A total order over versions of one identity: the time published, then any fixed order for ties."""
    return (one.published, one.report, msgspec.msgpack.encode(one))


def _constraint(claim: Claim) -> Constraint:
    kind = {"at_least": Kind.AT_LEAST, "at_most": Kind.AT_MOST}.get(claim.qualifier, Kind.EQUAL)
    assert claim.best is not None
    trust = (
        WEIGHT[claim.grade],
        claim.published,
        claim.local_start - claim.local_end,
        claim.source,
        claim.report,
        claim.start,
    )
    return Constraint(
        claim.local_start,
        claim.local_end,
        claim.low,
        claim.best,
        claim.high,
        kind,
        trust,
        WEIGHT[claim.grade],
        (claim.report,),
    )


def _clipped(one: Reading, start: int, end: int) -> Reading:
    """The part of a reading from `start` to `end` of the wall clock, its people by share of time."""
    if start <= one.local_start and one.local_end <= end:
        return one
    first, last = max(start, one.local_start), min(end, one.local_end)
    share = (last - first) / (one.local_end - one.local_start)
    return msgspec.structs.replace(
        one,
        start=one.start + first - one.local_start,
        end=one.start + last - one.local_start,
        local_start=first,
        local_end=last,
        low=one.low * share,
        best=None if one.best is None else one.best * share,
        high=None if one.high is None else one.high * share,
    )


def fold(source: str, day: int, held: Iterable[Reading]) -> Constraint:
    """One source's counting readings of one day (at least one) as one constraint on that day.

    Readings that do not overlap add up; they are the day's figure when they cover it whole, and what it is at least
    otherwise. Overlapping readings ("so far today") are not added: the disjoint ones with the largest sum count.
    """
    readings = sorted(held, key=lambda one: (one.end, one.start))
    chain = readings if _disjoint(readings) else _heaviest(readings)
    low, best = sum(one.low for one in chain), sum(one.best or 0.0 for one in chain)
    high = sum(one.high or 0.0 for one in chain)
    open_end = any(one.high is None for one in chain)
    whole = _covers_day(chain, day)
    newest = max(readings, key=lambda one: (one.published, one.report))
    weight = WEIGHT[newest.grade]
    start, end = day_span(day)
    bounded = whole and not open_end
    return Constraint(
        start,
        end,
        low,
        best,
        high if bounded else None,
        Kind.EQUAL if bounded else Kind.AT_LEAST,
        (weight, newest.published, start - end, source, newest.report, start),
        weight,
        tuple(sorted({one.report for one in chain})),
        not whole,
    )


def _disjoint(readings: list[Reading]) -> bool:
    return all(left.end <= right.start for left, right in pairwise(readings))


def _covers_day(chain: list[Reading], day: int) -> bool:
    """Whether readings cover every hour the wall clock shows on a day, also when clocks change."""
    reached, end = day_span(day)
    for one in sorted(chain, key=lambda one: one.local_start):
        if one.local_start > reached:
            return False
        reached = max(reached, one.local_end)
    return reached >= end


def _heaviest(readings: list[Reading]) -> list[Reading]:
    """The disjoint readings with the largest sum (weighted interval scheduling), from readings sorted by end."""
    ends = [one.end for one in readings]
    best = [(0.0, 0)]
    before: list[int | None] = []  # of a reading that is taken, how many of the first ones its chain may draw on
    for index, one in enumerate(readings):
        room = bisect_right(ends, one.start, hi=index)
        taken = (best[room][0] + (one.best or 0.0), best[room][1] + one.end - one.start)
        before.append(room if taken > best[-1] else None)
        best.append(max(best[-1], taken))
    chain: list[Reading] = []
    left = len(readings)
    while left:
        earlier = before[left - 1]
        if earlier is not None:
            chain.append(readings[left - 1])
        left = left - 1 if earlier is None else earlier
    return chain[::-1]
