"""Reconcile claims that overlap into day bins, by raking them in three scenarios.

Every claim is taken at its low, best and high end. Module `raking` rakes one scenario; which claims contradict more
trusted ones is in `feasibility`, which floors give way to claims in `bounding`, and how claims of one grade that
contradict each other widen the interval in `widening`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from math import fsum
from operator import attrgetter
from typing import NamedTuple, assert_never

from bordertally.streams.periods import midnight
from bordertally.streams.reconciliation.bounding import bounds_of
from bordertally.streams.reconciliation.constraints import Bin, Constraint, Floors, Kind, Misfit
from bordertally.streams.reconciliation.margins import INFINITE, Margin, atoms_with
from bordertally.streams.reconciliation.raking import Raked, rake
from bordertally.streams.reconciliation.widening import lowered, raised, widening_claims


class ScenarioPeople(NamedTuple):
    """The atoms raked at the low, best and high end of every claim."""

    low: list[float]
    best: list[float]
    high: list[float]


class Settled(NamedTuple):
    """The people of a claim on days that are settled, in each scenario."""

    low: float
    best: float
    high: float


NOBODY = Settled(0.0, 0.0, 0.0)


class Before(NamedTuple):
    """What is settled of constraints that begin before some days: their people, and which of them have given way."""

    settled: Mapping[Constraint, Settled]
    overruled: Collection[Constraint] = ()


NOTHING_BEFORE = Before({})

Span = tuple[int, int]
"""Atoms [first, last)."""

ClaimSpan = tuple[Constraint, int, int]
"""A claim and the first and last (exclusive) of its atoms."""


def reconcile(
    constraints: Sequence[Constraint], floors: Mapping[int, Floors], first_day: int, last_day: int
) -> tuple[dict[int, Bin], list[Misfit]]:
    """Rake the days first_day..last_day (ordinals, inclusive) to constraints that lie within them.

    `floors`: for some days, the least people on the flow. Returns the bins of all covered days, and the constraints and
    floors that could not hold. Depends only on the set of constraints, not on their order.
    """
    solved = solve(constraints, floors, first_day, last_day)
    spans = [(placed.claim, *placed.span) for placed in solved.placed]
    misfits = _misfits(spans, solved.people.best)
    facts = [(solved.days[day], fact.low) for day, fact in solved.facts.items()]
    people = widened(solved.people, spans, misfits, solved.lengths, facts)
    return bins_of(spans, solved.days, floors, people, misfits), misfits


class Placed(NamedTuple):
    """A constraint on atoms: its margins in the scenarios low, best and high."""

    claim: Constraint
    low: Margin
    best: Margin
    high: Margin

    @classmethod
    def of(cls, claim: Constraint, at: Mapping[int, int], settled: Settled = NOBODY) -> Placed:
        """Return a constraint on the atoms that begin `at` these moments; `settled`: its people before the first."""
        return cls(claim, *_margins(claim, (at.get(claim.start, 0), at[claim.end]), settled))

    @property
    def span(self) -> Span:
        """The atoms [first, last) that the claim covers."""
        return self.best.first, self.best.last


class Solved(NamedTuple):
    """Some days raked: the atoms between `edges`, and for each day its atoms.

    `facts`: floors to which no claim is superior. `gone`: the claims that gave way. `blocked`: a claim gave way, or
    made another one give way, by what is settled of the claim on the days before.
    """

    edges: list[int]
    lengths: list[float]
    days: dict[int, Span]
    placed: list[Placed]
    facts: dict[int, Bin]
    people: ScenarioPeople
    gone: set[Constraint]
    blocked: bool


def solve(
    constraints: Sequence[Constraint],
    floors: Mapping[int, Floors],
    first_day: int,
    last_day: int,
    before: Before = NOTHING_BEFORE,
) -> Solved:
    """Rake the days first_day..last_day (ordinals, inclusive) in three scenarios.

    `before`: what is settled of the constraints that begin before these days.
    """
    settled = before.settled
    ordered = sorted(constraints, key=attrgetter("order"))
    starts = [midnight(day) for day in range(first_day, last_day + 2)]
    begin = starts[0]
    edges = sorted(
        {*starts, *[claim.start for claim in ordered if claim.start > begin], *[placement.end for placement in ordered]}
    )
    at = {edge: index for index, edge in enumerate(edges)}
    lengths = [float(right - left) for left, right in pairwise(edges)]
    days = {first_day + index: (at[left], at[right]) for index, (left, right) in enumerate(pairwise(starts))}
    placed = [Placed.of(claim, at, settled.get(claim, NOBODY)) for claim in ordered]
    roomless = {claim for claim, people in settled.items() if _is_full(claim, people)}
    gone = {*before.overruled, *roomless}
    within = {day: of_day for day, of_day in floors.items() if first_day <= day <= last_day}
    holding = (
        [(placement.claim, placement.best) for placement in placed if placement.claim not in gone]
        if gone
        else [(placement.claim, placement.best) for placement in placed]
    )
    facts, yielding = bounds_of(within, holding, days, lengths)
    if yielding:
        placed = sorted(
            [*placed, *[Placed.of(claim, at) for claim in yielding]], key=lambda placement: placement.claim.order
        )
    people, best = _rake(placed, lengths, {days[day]: known for day, known in facts.items()}, gone)
    blocked = bool(roomless) or any(placed[rank].claim in settled for rank in best.circled)
    return Solved(edges, lengths, days, placed, facts, people, {placed[rank].claim for rank in best.gone}, blocked)


def _is_full(claim: Constraint, settled: Settled) -> bool:
    """Whether a claim has more people on settled days than it allows altogether."""
    return claim.high is not None and claim.kind is not Kind.AT_LEAST and settled.best > claim.high + slack(claim)


def _rake(
    placed: list[Placed], lengths: list[float], facts: dict[Span, Bin], overruled: set[Constraint]
) -> tuple[ScenarioPeople, Raked]:
    weights, origins = (
        [constraint.claim.weight for constraint in placed],
        [constraint.claim.origin for constraint in placed],
    )
    bests = [constraint.best for constraint in placed]
    floor = {span: known.best for span, known in facts.items()}
    gone = frozenset(
        [
            rank
            for rank, constraint in enumerate(placed)
            if constraint.claim.bound is not None or constraint.claim in overruled
        ]
    )
    best = rake(bests, weights, atoms_with(lengths, floor), origins=origins, gone=gone)

    def like_best(ends: list[Margin], end_floor: dict[Span, float]) -> Raked:
        if ends == bests and end_floor == floor:  # exact counts: the scenarios are one
            return best
        return rake(ends, weights, atoms_with(lengths, end_floor), best, origins=origins)

    low = like_best([constraint.low for constraint in placed], {span: known.low for span, known in facts.items()})
    high = like_best(
        [constraint.high for constraint in placed],
        {span: known.best if known.high is None else known.high for span, known in facts.items()},
    )
    return ScenarioPeople(low.people, best.people, high.people), best


def widened(
    raked: ScenarioPeople,
    spans: Iterable[ClaimSpan],
    misfits: list[Misfit],
    lengths: list[float],
    floors: list[tuple[Span, float]],
) -> ScenarioPeople:
    """Return the scenarios, low and high scaled to what contradicting claims of one grade say."""
    if not misfits:
        return raked
    widening = set(widening_claims(misfits))
    if not widening:
        return raked
    widened_claims = [((first, last), claim) for claim, first, last in spans if claim in widening]
    low = lowered(raked.low, [(span, claim.low) for span, claim in widened_claims], floors)
    highs = [(span, claim.high) for span, claim in widened_claims if claim.high is not None]
    return ScenarioPeople(low, raked.best, raised(raked.high, highs, lengths))


def _margins(claim: Constraint, span: Span, settled: Settled) -> tuple[Margin, Margin, Margin]:
    """A constraint in the scenarios low, best and high, less what is settled of it."""
    low, best, high, kind = claim.low, claim.best, INFINITE if claim.high is None else claim.high, claim.kind
    if kind is Kind.EQUAL:
        if low == high and settled is NOBODY:
            margin = Margin(*span, best, low, high, kind)
            return margin, margin, margin
        ends = (low, low, high), (best, low, high), (high, low, high)
    elif kind is Kind.AT_LEAST:
        ends = (low, low, INFINITE), (best, best, INFINITE), (best, best, INFINITE)
    elif kind is Kind.AT_MOST:
        ends = (low, 0.0, high), (high, 0.0, high), (high, 0.0, high)
    else:
        assert_never(kind)
    return (
        _left(span, kind, ends[0], settled.low),
        _left(span, kind, ends[1], settled.best),
        _left(span, kind, ends[2], settled.high),
    )


def _left(span: Span, kind: Kind, figures: tuple[float, float, float], settled: float) -> Margin:
    """What is left of a claim's target, low and high."""
    target, low, high = figures
    if settled:
        target, low, high = max(0.0, target - settled), max(0.0, low - settled), max(0.0, high - settled)
    return Margin(*span, target, low, high, kind)


def bins_of(
    spans: Iterable[ClaimSpan],
    days: Mapping[int, Span],
    floors: Mapping[int, Floors],
    people: ScenarioPeople,
    misfits: list[Misfit],
) -> dict[int, Bin]:
    """Return the bins of the days of which claims or floors tell. `days`: the atoms of each day."""
    refuted = {misfit.constraint for misfit in misfits if not misfit.rivals}
    covered = bounded = 0  # atoms as bits
    told: dict[float, int] = {}  # those of which claims of a weight tell
    for claim, begin, end in spans:
        span = (1 << end) - (1 << begin)
        if claim.bound is not None:
            continue
        told[claim.weight] = told.get(claim.weight, 0) | span
        if claim.kind is Kind.AT_LEAST:
            continue
        if not claim.partial:
            covered |= span
        if claim.high is not None and not (refuted and claim in refuted):
            bounded |= span
    bins = {}
    for day, (first, last) in days.items():
        span = (1 << last) - (1 << first)
        of_day = floors.get(day, ())
        weight = max([weight for weight, atoms in told.items() if atoms & span], default=0.0)
        if not (weight or of_day):
            continue
        bins[day] = Bin(
            fsum(people.low[first:last]),
            fsum(people.best[first:last]),
            fsum(people.high[first:last]) if bounded & span == span else None,
            covered & span == span or (bool(of_day) and of_day[-1].full),
            weight,
        )
    return bins


def _misfits(spans: Sequence[ClaimSpan], best: list[float]) -> list[Misfit]:
    misfits: list[Misfit] = []
    holding: list[ClaimSpan] = []
    for claim, first, last in reversed(spans):
        people = fsum(best[first:last])
        if holds(claim, people):
            holding.append((claim, first, last))
        else:
            beside = [other for other, left, right in holding if left < last and first < right]
            misfit = misfit_of(claim, people, beside[::-1])
            if misfit is not None:
                misfits.append(misfit)
    return misfits[::-1]


def holds(claim: Constraint, people: float) -> bool:
    """Whether a claim agrees with the people of its period."""
    high = INFINITE if claim.high is None or claim.kind is Kind.AT_LEAST else claim.high
    return claim.low - slack(claim) <= people <= high + slack(claim)


def misfit_of(claim: Constraint, people: float, beside: Sequence[Constraint]) -> Misfit | None:
    """The misfit of a claim that does not hold; None where all that contradicts the claim only passes it on.

    `beside`: the more trusted claims about its days that hold, in order of trust. Those that add nothing to the claim
    do not contradict it: they hold wherever it does.
    """
    against = [other for other in beside if not claim.implies(other)]
    rivals = tuple([other for other in against if not claim.echoes(other)])
    return Misfit(claim, rivals, abs(claim.best - people)) if rivals or not against else None


def slack(claim: Constraint) -> float:
    """The people that rounding may leave: half a person, or a millionth of a large figure."""
    return max(0.5, 1e-6 * claim.best)
