"""Widening: where origins of one grade contradict each other, the interval of their days reaches what both say.

The best figure follows trust alone. A lower or upper bound that cannot hold widens nothing, and neither does a claim
that is unlikely.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from math import fsum

from bordertally.streams.reconciliation.constraints import Constraint, Kind, Misfit
from bordertally.streams.reconciliation.contradictions import contradictions_of

Span = tuple[int, int]
"""Atoms [first, last)."""


def widening_claims(misfits: Iterable[Misfit]) -> list[Constraint]:
    """The claims that cannot hold beside a claim of another origin and the same grade."""
    return [misfit.constraint for misfit in misfits if _widens(misfit.constraint) and _is_disputed(misfit)]


def _widens(claim: Constraint) -> bool:
    return claim.kind is Kind.EQUAL and claim.bound is None and not claim.unlikely


def _is_disputed(misfit: Misfit) -> bool:
    claim = misfit.constraint
    return any(
        rival.bound is None and rival.weight == claim.weight and rival.origin != claim.origin
        for rival, _ in contradictions_of(misfit)
    )


def lowered(
    people: list[float], claims: Iterable[tuple[Span, float]], floors: Iterable[tuple[Span, float]]
) -> list[float]:
    """The people of atoms, scaled down where a claim has fewer than its atoms, but to no less than the floors of days.

    Of several claims about an atom the one that scales it most counts, so their order does not matter.
    """
    scaled = list(people)
    for (first, last), low in claims:
        total = fsum(people[first:last])
        if low < total:
            scaled[first:last] = map(min, scaled[first:last], [low / total * each for each in people[first:last]])
    for (first, last), floor in floors:
        total = fsum(people[first:last])
        if fsum(scaled[first:last]) < floor <= total:
            scaled[first:last] = [floor / total * each for each in people[first:last]]
    return scaled


def raised(people: list[float], claims: Iterable[tuple[Span, float]], lengths: Collection[float]) -> list[float]:
    """The people of atoms, scaled up where a claim has more than its atoms; atoms without people share it by length."""
    scaled, lengths = list(people), list(lengths)
    for (first, last), high in claims:
        total = fsum(people[first:last])
        if high > total:
            shape, whole = (people, total) if total > 0.0 else (lengths, fsum(lengths[first:last]))
            scaled[first:last] = map(max, scaled[first:last], [high / whole * each for each in shape[first:last]])
    return scaled
