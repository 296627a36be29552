"""One series of a flow: the claims about one population and unit, and the day bins derived from them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from math import fsum
from operator import attrgetter
from typing import NamedTuple

from bordertally.streams.flows import Flow
from bordertally.streams.ledger.aliases import Doubled, PlaceGroups
from bordertally.streams.ledger.citations import Cites
from bordertally.streams.ledger.counts import Added, Counts
from bordertally.streams.ledger.groups import Group, Groups
from bordertally.streams.ledger.rows import BLOCK_DAYS, PEOPLE, Key
from bordertally.streams.ledger.versions import UNMOVED, Outcome, ReplacedVersions, outcome_of
from bordertally.streams.periods import DAY, Period, days_of, ordinal_of
from bordertally.streams.reconciliation.chains import Chain
from bordertally.streams.reconciliation.constraints import (
    Bin,
    Constraint,
    Floor,
    Floors,
    GradedBin,
    Kind,
    Misfit,
    day_span,
)
from bordertally.streams.reconciliation.reconcile import reconcile
from bordertally.streams.reconciliation.room import is_movable
from bordertally.streams.reports.claims import Claim, Identity, period_of, reading_of
from bordertally.streams.reports.readings import Columns
from bordertally.streams.reports.sources import counts

CITED_DAYS = 64
"""The most days of a series whose evidence is cached; half of it must cover the longest window."""

STRETCHES = 4
"""The most runs of days that are cached: at least one for each window of more than a few days."""


class Unverified(NamedTuple):
    """A claim of a grade that does not count: it may widen an upper bound to `people` over its days."""

    first_day: int
    last_day: int
    people: float


class Suspicion(NamedTuple):
    """Why a claim is unlikely: its people a day, and the largest day of the flow in the 365 days before.

    `largest`: None where fewer than 30 of these days are known. `report`: the report that says so. `confirmed`: a
    second day or a second source has at least half as many people, so the claim is not unlikely after all.
    """

    rate: float
    largest: float | None
    report: str
    confirmed: bool


class Sums(NamedTuple):
    """The number of days and the sums of their lows, bests and highs; `high` is None when a day has no upper bound."""

    days: int = 0
    low: float = 0.0
    best: float = 0.0
    high: float | None = 0.0

    def plus(self, other: Sums) -> Sums:
        """Return the sums of both."""
        high = None if self.high is None or other.high is None else self.high + other.high
        return Sums(self.days + other.days, self.low + other.low, self.best + other.best, high)

    def plus_day(self, day_bin: Bin) -> Sums:
        """Return the sums with another day added."""
        low, best, day_high, *_ = day_bin
        high = None if self.high is None or day_high is None else self.high + day_high
        return Sums(self.days + 1, self.low + low, self.best + best, high)


class DayRun:
    """The days of a run that have a bin, newest first, their sums, and their evidence once computed.

    `beyond`: the evidence without ids of counts. `row`: with them (see Gathered.row). `scattered`: no row exists.
    """

    __slots__ = ("beyond", "days", "row", "scattered", "sums")

    def __init__(self, days: Sequence[int], sums: Sums) -> None:
        self.days, self.sums = days, sums
        self.beyond: Cites | None = None
        self.row: Cites | None = None
        self.scattered = False


class _GroupClaims:
    """The claims of a group with the readings of its days, and the floors of a series, as a chain asks for them."""

    def __init__(self, series: Series, group: Group) -> None:
        self._series, self._group = series, group

    def ending(self, first: int, last: int) -> list[Constraint]:
        """See ChainClaims."""
        series = self._series
        folded = [fold for day in range(first, last + 1) for fold in series.counts.folded(day)]
        return series.doubted([*self._group.ending(first, last), *folded])

    def floors(self, first: int, last: int) -> Mapping[int, Floors]:
        """See ChainClaims."""
        return self._series.floors_of(first, last)


class Series:
    """The claims of one flow, population and unit by identity, and their day bins, recomputed where touched.

    `place`: the flow, where it has several names (see aliases.py). Each claim keeps the name that its report used.
    """

    def __init__(self, key: Key = PEOPLE, place: Flow | None = None) -> None:
        self.key = key
        self.claims: dict[Identity, Claim] = {}
        self.uncounted: dict[Identity, Claim] = {}  # claims whose grade does not count
        self.groups = Groups() if place is None else PlaceGroups()  # of the counting claims
        self.counts = Counts(key, place)
        self.bins: dict[int, Bin] = {}
        self.floors: dict[int, Floors] = {}
        self.last: int | None = None
        self.cites: dict[int, Cites] = {}
        self.misfits: dict[tuple[int, int], list[Misfit]] = {}
        self.replaced = ReplacedVersions()
        self.suspects: dict[Constraint, Suspicion] = {}
        """The claims that are, or would be, unlikely (see ledger.unlikely)."""
        self._misfit_spans: dict[int, tuple[int, int]] = {}  # by day
        self._blocks: dict[int, dict[Identity, Claim]] = {}
        self._longest = 0  # seconds of the longest claim that was ever in force
        self._stretches: dict[tuple[int, int], DayRun] = {}
        self._unverified: list[Unverified] | None = None

    # --- claims ------------------------------------------------------------------------------------------------

    def add(self, claim: Claim, period: Period | None = None) -> Outcome:
        """Add a claim. Of each identity the latest published claim is in force, in any order of arrival."""
        period = period or period_of(claim)
        if period.part_of_day:
            (outcome,) = self.count(claim.source, Columns.of([reading_of(claim)])).outcomes
            return outcome
        key = claim.identity
        before = self.claims.get(key)
        outcome = outcome_of(claim, before)
        if outcome not in UNMOVED:
            if before is not None:
                self._drop(key, before)
            self._put_in_force(key, claim)
        return outcome

    def _drop(self, key: Identity, claim: Claim) -> None:
        del self._blocks[_block_of(claim)][key]
        if not counts(claim.grade):
            del self.uncounted[key]
            self._unverified = None
        elif claim.best is not None:
            self.groups.remove(claim)

    def _put_in_force(self, key: Identity, claim: Claim) -> None:
        self.claims[key] = claim
        self._blocks.setdefault(_block_of(claim), {})[key] = claim
        self._longest = max(self._longest, claim.local_end - claim.local_start)
        if not counts(claim.grade):
            self.uncounted[key] = claim
            self._unverified = None
        elif claim.best is not None:
            self.groups.add(claim)

    def begun(self, block: int) -> Collection[Claim]:
        """Return the claims whose period begins in a block of BLOCK_DAYS days, withdrawn claims too, in any order."""
        return self._blocks.get(block, {}).values()

    def worded(self, first: int, last: int) -> Iterator[Claim]:
        """Yield statements in force with quoted words whose period begins on one of these days, in any order."""
        for block in range(first // BLOCK_DAYS, last // BLOCK_DAYS + 1):
            for claim in self.begun(block):
                if claim.text is not None and claim.best is not None and first <= ordinal_of(claim.local_start) <= last:
                    yield claim

    def claims_over(self, first: int, last: int) -> Iterator[Claim]:
        """Yield the claims in force, without readings, that are about any of the days, roughly from the latest on."""
        start, end = day_span(first)[0], day_span(last)[1]
        oldest = (first - self._longest // DAY - 1) // BLOCK_DAYS
        for block in [block for block in range(last // BLOCK_DAYS, oldest - 1, -1) if block in self._blocks]:
            for claim in self.begun(block):
                if claim.best is not None and claim.local_start < end and claim.local_end > start:
                    yield claim

    def doubled(self) -> list[Doubled]:
        """Return the periods whose figures under several names of the place are added up."""
        stated = self.groups.doubled() if isinstance(self.groups, PlaceGroups) else ()
        return [*stated, *self.counts.doubled()]

    # --- day bins ----------------------------------------------------------------------------------------------

    def own_last(self) -> int | None:
        """Return the last day that a counting claim of this series covers."""
        return _later(self.groups.last, self.counts.last)

    def own_last_figure(self) -> int | None:
        """Return the last day that a reading, or a claim that is no lower bound, of this series covers."""
        return _later(self.groups.last_figure, self.counts.last)

    def own_covers(self, day: int) -> bool:
        """Whether a counting claim of this series touches the day."""
        if self.counts.folded(day):
            return True
        group = self.groups.of(day)
        return group is not None and bool(group.touching(day))

    def own_figure_covers(self, day: int) -> bool:
        """Whether a reading, or a claim that is no lower bound, of this series touches the day."""
        if self.counts.folded(day):
            return True
        group = self.groups.of(day)
        return group is not None and any(claim.kind is not Kind.AT_LEAST for claim in group.touching(day))

    def withdrew(self, day: int) -> bool:
        """Whether a claim of this series about the day was withdrawn."""
        start, end = day_span(day)
        return self.counts.withdrew(day) or any(
            claim.best is None and claim.local_start < end and claim.local_end > start for claim in self.claims.values()
        )

    def constraints(self, day: int) -> list[Constraint]:
        """Return the counting claims of this series about a day."""
        group = self.groups.of(day)
        return [*([] if group is None else group.touching(day)), *self.counts.folded(day)]

    def single(self, day: int) -> Constraint | None:
        """Return the most trusted claim about exactly a day that says how many, or how many at most."""
        start, end = day_span(day)
        claims = [
            claim
            for claim in self.doubted(self.constraints(day))
            if (claim.start, claim.end) == (start, end) and claim.kind is not Kind.AT_LEAST
        ]
        return max(claims, key=attrgetter("order"), default=None)

    def movable_days(self, day: int) -> Sequence[int]:
        """Return the days of which the same bounds over several days tell as of a day, and nothing else."""
        bounds = self._bounds_alone(day)
        if not bounds:
            return ()
        shared = range(max(ordinal_of(claim.start) for claim in bounds), min(ordinal_of(claim.end) for claim in bounds))
        return [each for each in shared if self._bounds_alone(each) == bounds]

    def _bounds_alone(self, day: int) -> Sequence[Constraint]:
        group = self.groups.of(day)
        if group is None or day in self.floors or self.counts.folded(day):
            return ()
        claims = group.touching(day)
        return claims if all(map(is_movable, claims)) else ()

    def tied(self, days: Iterable[int]) -> set[int]:
        """Return all days of the lower bounds over several days that touch these days."""
        groups = [(day, group) for day in days if (group := self.groups.of(day)) is not None]
        bounds = {claim for day, group in groups for claim in group.touching(day) if is_movable(claim)}
        return {day for claim in bounds for day in days_of(claim.start, claim.end)}

    def span(self, days: Iterable[int]) -> set[int]:
        """Return all days whose bins depend on the claims and floors of these days."""
        if not self.groups:
            return set(days)
        wide: set[int] = set()
        for day in days:
            if day not in wide:
                first, last = self.reach(day, day)
                wide.update(range(first, last + 1))
        return wide

    def reach(self, first: int, last: int) -> tuple[int, int]:
        """Return the first and the last day whose bins depend on the days `first` to `last`, all inclusive."""
        if not self.groups:
            return first, last
        before, after = self.groups.of(first), self.groups.of(last)
        if before is not None:
            first = min(first, before.chain.since(first)) if before.chain else before.first
        return first, last if after is None else after.last

    def levels(self, day: int) -> tuple[GradedBin, ...]:
        """Return the people of a day as far as each grade tells of them, the most trusted grade first.

        The grade of the most trusted claim tells of the whole bin. Better ones, on flows below or parts, tell of the
        people of their floor.
        """
        day_bin = self.bins.get(day)
        if day_bin is None:
            return ()
        floors = self.floors.get(day, ())
        if not floors:
            return (GradedBin(day_bin.weight, day_bin),)
        better = [_told(floor) for floor in floors if floor.weight > day_bin.weight]
        return (*better, GradedBin(day_bin.weight, day_bin)) if day_bin.weight else tuple(better)

    def count(self, voice: str, readings: Columns) -> Added:
        """Add readings of one voice (see Counts.add)."""
        added = self.counts.add(voice, readings)
        self.unsettle(added.touched)
        return added

    def unsettle(self, days: Iterable[int]) -> None:
        """Note that something has changed about these days beside the claims: readings, floors, or what is unlikely."""
        for day in days:
            group = self.groups.of(day)
            if group is not None:
                group.undo(day)

    def bound(self, floors: Mapping[int, Floors]) -> set[int]:
        """Take over the floors of some days; an empty one drops those of a day. Return the days that changed."""
        changed = {day for day, of_day in floors.items() if of_day != self.floors.get(day, ())}
        for day in changed:
            if floors[day]:
                self.floors[day] = floors[day]
            else:
                del self.floors[day]
        self.unsettle(changed)
        return changed

    def recompute(self, days: Iterable[int]) -> set[int]:
        """Recompute the bins of `days`, and of all days that depend on them; return the changed days."""
        changed: set[int] = set()
        done = -1
        for day in sorted(days):
            if day <= done:
                continue
            group = self.groups.of(day) or Group(day, day, [], [])
            done = group.last
            if group.is_long:
                changed |= self._work_out(group, day)
                continue
            group.chain = None
            if group.first == group.last and len(group.constraints) <= 1:
                alone = self.doubted([*group.constraints, *self.counts.folded(day)])
                if len(alone) + (day in self.floors) <= 1 and all(map(_is_figure, alone)):  # nothing to reconcile
                    self._forget_misfits(day, day)
                    if self._store(day, _only(alone, self.floors.get(day, ()))):
                        changed.add(day)
                    continue
            span = range(group.first, group.last + 1)
            folded = [constraint for each in span for constraint in self.counts.folded(each)]
            claims = self.doubted([*group.constraints, *folded])
            bins, misfits = reconcile(claims, self.floors_of(group.first, group.last), group.first, group.last)
            self._keep_misfits(group, misfits)
            changed.update([each for each in span if self._store(each, bins.get(each))])
        self._find_last(max(changed, default=None))
        return changed

    def _work_out(self, group: Group, touched: int) -> set[int]:
        """Recompute a long run of days from the first on that a change bears on."""
        if group.chain is None:
            group.chain, touched = Chain(), group.first
        elif group.added is not None:
            touched = self._first_moved(group.added, group.last)
        group.added = []
        claims = _GroupClaims(self, group)
        group.chain.work_out(claims, group.first, group.last)
        bins = group.chain.bins(claims, touched, group.last)
        self._keep_misfits(group, group.chain.misfits)
        return {day for day, now in bins.items() if self._store(day, now)}

    def _first_moved(self, added: Iterable[Constraint], last: int) -> int:
        """Return the first day whose bin may change by claims that leave its people as they are; `last` + 1 without.

        Such a claim may have a better grade than those that tell of a day so far, or be the first that bounds the day.
        """
        first = last + 1
        for claim in added:
            for day in days_of(claim.start, claim.end):
                if day >= first:
                    break
                day_bin = self.bins.get(day)
                if day_bin is None or not _says_no_more(claim, day_bin):
                    first = day
        return first

    def floors_of(self, first: int, last: int) -> dict[int, Floors]:
        """Return the floors of the days `first` to `last`, inclusive."""
        return {day: self.floors[day] for day in range(first, last + 1) if day in self.floors} if self.floors else {}

    def is_unlikely(self, claim: Constraint) -> bool:
        """Whether a claim in force is unlikely."""
        suspicion = self.suspects.get(claim)
        return suspicion is not None and not suspicion.confirmed

    def doubted(self, claims: list[Constraint]) -> list[Constraint]:
        """Return claims to reconcile, with the unlikely ones doubted."""
        if not self.suspects:
            return claims
        return [claim.doubted() if self.is_unlikely(claim) else claim for claim in claims]

    def _store(self, day: int, now: Bin | None) -> bool:
        """Store the bin of a day (None: no bin); return whether it changed."""
        changed = now != self.bins.get(day)
        if now is not None:
            self.bins[day] = now
        elif changed:
            del self.bins[day]
        return changed

    def mirror(self, day: int, people: Bin | None, floors: Floors) -> None:
        """Take over a day that another ledger has worked out; None: no claim is in force."""
        self._store(day, people)
        if floors:
            self.floors[day] = floors
        else:
            self.floors.pop(day, None)
        self._find_last(day)

    def _keep_misfits(self, group: Group, misfits: list[Misfit]) -> None:
        key = group.first, group.last
        known = self.misfits.get(key)
        if misfits == known:
            return
        self._forget_misfits(*key)
        if misfits:
            self.misfits[key] = misfits
            self._misfit_spans.update(dict.fromkeys(range(group.first, group.last + 1), key))

    def _forget_misfits(self, first: int, last: int) -> None:
        if self.misfits:
            for key in {self._misfit_spans[day] for day in range(first, last + 1) if day in self._misfit_spans}:
                del self.misfits[key]
                for day in range(key[0], key[1] + 1):
                    del self._misfit_spans[day]

    def _find_last(self, newest: int | None) -> None:
        """Update the last day with a bin, after days up to `newest` changed."""
        if newest in self.bins and (self.last is None or newest > self.last):
            self.last = newest
        elif self.last not in self.bins:
            self.last = max(self.bins, default=None)

    # --- evidence ----------------------------------------------------------------------------------------------

    def moved(self, days: Collection[int]) -> None:
        """Drop the cached evidence and sums of these days, whose bins or evidence changed."""
        for day in days:
            self.cites.pop(day, None)
        oldest = min(days, default=0)
        for first, end in [span for span in self._stretches if oldest < span[1]]:
            if any(first <= day < end for day in days):
                del self._stretches[first, end]

    def held(self, first: int, end: int) -> list[int]:
        """Return the days from `first` to `end` (exclusive) that have a bin, newest first."""
        return [day for day in range(end - 1, first - 1, -1) if day in self.bins]

    def sums(self, days: Iterable[int]) -> Sums:
        """Return the sums of days that all have a bin."""
        bins = [self.bins[day] for day in days]
        highs = [each.high for each in bins if each.high is not None]
        high = fsum(highs) if len(highs) == len(bins) else None
        return Sums(len(bins), fsum([each.low for each in bins]), fsum([each.best for each in bins]), high)

    def stretch(self, first: int, end: int) -> DayRun:
        """Return the run of days from `first` to `end` (exclusive), cached until one of the days changes."""
        known = self._stretches.get((first, end))
        if known is None:
            if len(self._stretches) >= STRETCHES:
                self._stretches.clear()
            days = self.held(first, end)
            known = self._stretches[first, end] = DayRun(days, self.sums(days))
        return known

    def keep_cites(self, day: int, cites: Cites) -> None:
        """Cache the evidence of a day; when the cache is full, drop the older half."""
        if len(self.cites) >= CITED_DAYS:
            for old in sorted(self.cites)[: CITED_DAYS // 2]:
                del self.cites[old]
        self.cites[day] = cites

    def own_cites(self, day: int, *, short: bool = False) -> Cites:
        """Return the evidence of a day from this series alone; `short`: without the ids of counts."""
        cites = Cites((), (), self.counts.number(day)) if short else self.counts.cites(day)
        group = self.groups.of(day) if self.groups else None
        if group is None:
            return cites
        statements = {report for claim in group.touching(day) for report in claim.reports}
        return cites._replace(statements=tuple(sorted(statements)))

    def unverified(self) -> list[Unverified]:
        """Return the claims of grades D to F, which may only widen an upper bound."""
        if self._unverified is None:
            unverified = self._unverified = []
            for claim in self.uncounted.values():
                if claim.best is not None:
                    period = period_of(claim)
                    people = claim.best if claim.high is None else claim.high
                    unverified.append(Unverified(period.first_day, period.last_day, people))
        return self._unverified


def _later(one: int | None, other: int | None) -> int | None:
    """Return the later of two days, each of which may be missing."""
    return other if one is None else one if other is None else max(one, other)


def _block_of(claim: Claim) -> int:
    return ordinal_of(claim.local_start) // BLOCK_DAYS


def _is_figure(claim: Constraint) -> bool:
    """Whether a constraint gives a number or a lower bound for exactly one day."""
    return claim.start + DAY == claim.end and claim.start % DAY == 0 and claim.kind is not Kind.AT_MOST


def _only(alone: list[Constraint], floors: Floors) -> Bin | None:
    """Return the bin of a day known from at most one constraint, or from floors alone; None without either."""
    for claim in alone:
        high, full = (None, False) if claim.kind is Kind.AT_LEAST else (claim.high, True)
        return Bin(claim.low, claim.best, high, full, claim.weight)
    return _told(floors[-1]).people if floors else None


def _says_no_more(claim: Constraint, day_bin: Bin) -> bool:
    """Whether a claim that leaves the people of a day alone leaves its grade, coverage and bounds alone too."""
    if claim.weight > day_bin.weight:
        return False
    return claim.kind is Kind.AT_LEAST or (day_bin.full and day_bin.high is not None)


def _told(floor: Floor) -> GradedBin:
    """Return the people of a floor; how many more there are nobody tells."""
    return GradedBin(floor.weight, Bin(floor.low, floor.best, None, floor.full))
