"""Reconcile claims that overlap into day bins, by raking them in three scenarios.

Every claim is taken at its low, best and high end. Module `raking` rakes one scenario; which claims contradict more
trusted ones is in `feasibility`, which floors give way to claims in `bounding`, and how claims of one grade that
contradict each other widen the interval in `widening`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


class _Scenarios(NamedTuple):
    """The atoms raked at the low, best and high end of every claim."""

    low: list[float]
    best: list[float]
    high: list[float]


def reconcile(
    constraints: Sequence[Constraint], floors: Mapping[int, Floors], first_day: int, last_day: int
) -> tuple[dict[int, Bin], list[Misfit]]:
    """Rake the days first_day..last_day (ordinals, inclusive) to constraints that lie within them.

    `floors`: for some days, the least people on the flow. Returns the bins of all covered days, and the constraints and
    floors that could not hold. Depends only on the set of constraints, not on their order.
    """
    ordered = sorted(constraints, key=attrgetter("order"))
    starts = [midnight(day) for day in range(first_day, last_day + 2)]
    edges = sorted({*starts, *[claim.start for claim in ordered], *[claim.end for claim in ordered]})
    at = {edge: index for index, edge in enumerate(edges)}
    lengths = [float(right - left) for left, right in pairwise(edges)]
    days = {first_day + index: (at[left], at[right]) for index, (left, right) in enumerate(pairwise(starts))}
    placed = [_Placed.of(claim, at) for claim in ordered]
    within = {day: of_day for day, of_day in floors.items() if first_day <= day <= last_day}
    facts, yielding = bounds_of(within, [(one.claim, one.best) for one in placed], days, lengths)
    if yielding:
        placed = sorted([*placed, *[_Placed.of(claim, at) for claim in yielding]], key=lambda one: one.claim.order)
    raked = _rake(placed, lengths, {days[day]: known for day, known in facts.items()})
    misfits = _misfits(placed, raked.best)
    raked = _widened(raked, placed, misfits, lengths, [(days[day], fact.low) for day, fact in facts.items()])
    refuted = {misfit.constraint for misfit in misfits if not misfit.rivals}
    return _bins(placed, days, within, raked, refuted), misfits


class _Placed(NamedTuple):
    """A constraint on atoms: its margins in the scenarios low, best and high."""

    claim: Constraint
    low: Margin
    best: Margin
    high: Margin

    @classmethod
    def of(cls, claim: Constraint, at: Mapping[int, int]) -> _Placed:
        return cls(claim, *_margins(claim, (at[claim.start], at[claim.end])))

    @property
    def span(self) -> tuple[int, int]:
        """The atoms [first, last) that the claim covers."""
        return self.best.first, self.best.last


def _rake(placed: list[_Placed], lengths: list[float], facts: dict[tuple[int, int], Bin]) -> _Scenarios:
    weights, origins = [one.claim.weight for one in placed], [one.claim.origin for one in placed]
    bests = [one.best for one in placed]
    floor = {span: known.best for span, known in facts.items()}
    gone = frozenset([rank for rank, one in enumerate(placed) if one.claim.bound is not None])
    best = rake(bests, weights, atoms_with(lengths, floor), origins=origins, gone=gone)

    def like_best(ends: list[Margin], end_floor: dict[tuple[int, int], float]) -> Raked:
        if ends == bests and end_floor == floor:  # exact counts: the scenarios are one
            return best
        return rake(ends, weights, atoms_with(lengths, end_floor), best, origins=origins)

    low = like_best([one.low for one in placed], {span: known.low for span, known in facts.items()})
    high = like_best(
        [one.high for one in placed],
        {span: known.best if known.high is None else known.high for span, known in facts.items()},
    )
    return _Scenarios(low.people, best.people, high.people)


def _widened(
    raked: _Scenarios,
    placed: list[_Placed],
    misfits: list[Misfit],
    lengths: list[float],
    floors: list[tuple[tuple[int, int], float]],
) -> _Scenarios:
    """The low and high ends, scaled to what contradicting claims of one grade say."""
    if not misfits:
        return raked
    widening = set(widening_claims(misfits))
    if not widening:
        return raked
    spans = [(one.span, one.claim) for one in placed if one.claim in widening]
    low = lowered(raked.low, [(span, claim.low) for span, claim in spans], floors)
    highs = [(span, claim.high) for span, claim in spans if claim.high is not None]
    return _Scenarios(low, raked.best, raised(raked.high, highs, lengths))


def _margins(claim: Constraint, span: tuple[int, int]) -> tuple[Margin, Margin, Margin]:
    """A constraint in the scenarios low, best and high."""
    first, last = span
    low, best, high, kind = claim.low, claim.best, INFINITE if claim.high is None else claim.high, claim.kind
    if kind is Kind.EQUAL:
        margin = Margin(first, last, best, low, high, kind)
        if low == high:
            return margin, margin, margin
        return Margin(first, last, low, low, high, kind), margin, Margin(first, last, high, low, high, kind)
    if kind is Kind.AT_LEAST:
        margin = Margin(first, last, best, best, INFINITE, kind)
        return Margin(first, last, low, low, INFINITE, kind), margin, margin
    if kind is Kind.AT_MOST:
        margin = Margin(first, last, high, 0.0, high, kind)
        return Margin(first, last, low, 0.0, high, kind), margin, margin
    assert_never(kind)


def _bins(
    placed: list[_Placed],
    days: dict[int, tuple[int, int]],
    floors: Mapping[int, Floors],
    raked: _Scenarios,
    refuted: set[Constraint],
) -> dict[int, Bin]:
    covered = bounded = 0  # atoms as bits
    told: dict[float, int] = {}  # those of which claims of a weight tell
    for claim, *_, margin in placed:
        span = (1 << margin.last) - (1 << margin.first)
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
            fsum(raked.low[first:last]),
            fsum(raked.best[first:last]),
            fsum(raked.high[first:last]) if bounded & span == span else None,
            covered & span == span or (bool(of_day) and of_day[-1].full),
            weight,
        )
    return bins


def _misfits(placed: list[_Placed], best: list[float]) -> list[Misfit]:
    misfits: list[Misfit] = []
    holding: list[tuple[Constraint, int, int]] = []
    for one in reversed(placed):
        claim, (first, last) = one.claim, one.span
        people = fsum(best[first:last])
        slack = _slack(claim)
        high = INFINITE if claim.high is None or claim.kind is Kind.AT_LEAST else claim.high
        if claim.low - slack <= people <= high + slack:
            holding.append((claim, first, last))
        else:
            beside = [other for other, left, right in holding if left < last and first < right]
            rivals = [other for other in beside if not claim.echoes(other)]
            if rivals or not beside:
                misfits.append(Misfit(claim, tuple(reversed(rivals)), abs(claim.best - people)))
    return misfits[::-1]


def _slack(claim: Constraint) -> float:
    """The people that rounding may leave: half a person, or a millionth of a large figure."""
    return max(0.5, 1e-6 * claim.best)
