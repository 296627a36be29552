"""Reconcile claims that overlap into day bins, by raking them in three scenarios.

Every claim is taken at its low, best and high end. Module `raking` rakes one scenario; which claims contradict more
trusted ones is in `feasibility`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import fsum
from typing import NamedTuple, assert_never

from bordertally.streams.periods import midnight
from bordertally.streams.reconciliation.constraints import Bin, Constraint, Kind, Misfit
from bordertally.streams.reconciliation.margins import INFINITE, Margin, atoms_with
from bordertally.streams.reconciliation.raking import Raked, rake


class _Scenarios(NamedTuple):
    """The atoms raked at the low, best and high end of every claim."""

    low: list[float]
    best: list[float]
    high: list[float]


def reconcile(
    constraints: Sequence[Constraint], floors: Mapping[int, Bin], first_day: int, last_day: int
) -> tuple[dict[int, Bin], list[Misfit]]:
    """Rake the days first_day..last_day (ordinals, inclusive) to constraints that lie within them.

    `floors`: for some days, the least people on the flow in each scenario. Returns the bins of all covered
    days, and the constraints that could not hold. Depends only on the set of constraints, not on their order.
    """
    ordered = sorted(constraints, key=lambda claim: claim.trust.rank)
    starts = [midnight(day) for day in range(first_day, last_day + 2)]
    edges = sorted({*starts, *[claim.start for claim in ordered], *[claim.end for claim in ordered]})
    at = {edge: index for index, edge in enumerate(edges)}
    spans = [(at[claim.start], at[claim.end]) for claim in ordered]
    lengths = [float(right - left) for left, right in pairwise(edges)]
    days = {first_day + index: (at[left], at[right]) for index, (left, right) in enumerate(pairwise(starts))}
    raked = _rake(ordered, spans, lengths, {days[day]: known for day, known in floors.items() if day in days})
    misfits = _misfits(ordered, spans, raked.best)
    refuted = {misfit.constraint for misfit in misfits if not misfit.rivals}
    return _bins(list(zip(ordered, spans, strict=True)), days, floors, raked, refuted), misfits


def _rake(
    ordered: list[Constraint],
    spans: list[tuple[int, int]],
    lengths: list[float],
    floors: dict[tuple[int, int], Bin],
) -> _Scenarios:
    margins = [_margins(claim, span) for claim, span in zip(ordered, spans, strict=True)]
    weights, origins = [claim.weight for claim in ordered], [claim.origin for claim in ordered]
    bests = [best for _, best, _ in margins]
    floor = {span: known.best for span, known in floors.items()}
    best = rake(bests, weights, atoms_with(lengths, floor), origins=origins)

    def like_best(end_fits: list[Margin], end_floor: dict[tuple[int, int], float]) -> Raked:
        if end_fits == bests and end_floor == floor:  # exact counts: the scenarios are one
            return best
        return rake(end_fits, weights, atoms_with(lengths, end_floor), best, origins=origins)

    low = like_best([low for low, _, _ in margins], {span: known.low for span, known in floors.items()})
    high = like_best(
        [high for _, _, high in margins],
        {span: known.best if known.high is None else known.high for span, known in floors.items()},
    )
    return _Scenarios(low.people, best.people, high.people)


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
    placed: list[tuple[Constraint, tuple[int, int]]],
    days: dict[int, tuple[int, int]],
    floors: Mapping[int, Bin],
    raked: _Scenarios,
    refuted: set[Constraint],
) -> dict[int, Bin]:
    touched = covered = bounded = 0  # atoms as bits
    for claim, (first, last) in placed:
        span = (1 << last) - (1 << first)
        touched |= span
        if claim.kind is Kind.AT_LEAST:
            continue
        if not claim.partial:
            covered |= span
        if claim.high is not None and not (refuted and claim in refuted):
            bounded |= span
    bins = {}
    for day, (first, last) in days.items():
        span = (1 << last) - (1 << first)
        floor = floors.get(day)
        if floor is None and not touched & span:
            continue
        bins[day] = Bin(
            fsum(raked.low[first:last]),
            fsum(raked.best[first:last]),
            fsum(raked.high[first:last]) if bounded & span == span else None,
            covered & span == span or (floor is not None and floor.full),
        )
    return bins


def _misfits(ordered: list[Constraint], spans: list[tuple[int, int]], best: list[float]) -> list[Misfit]:
    misfits: list[Misfit] = []
    holding: list[tuple[Constraint, int, int]] = []
    for claim, (first, last) in reversed(list(zip(ordered, spans, strict=True))):
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
