"""Contradictions: by how many people two claims miss each other, whatever else is claimed."""

from __future__ import annotations

from typing import NamedTuple

from bordertally.streams.reconciliation.constraints import Constraint, Kind, Misfit
from bordertally.streams.reconciliation.margins import INFINITE


class Contradiction(NamedTuple):
    """A more trusted claim that another one contradicts, and the people by which the two miss each other."""

    rival: Constraint
    gap: float


def contradictions_of(misfit: Misfit) -> list[Contradiction]:
    """The rivals that a claim contradicts, each with its gap.

    Where it contradicts no rival alone, it contradicts all of them together: each has the gap of the misfit. Of these,
    claims of its own report are left out beside others.
    """
    claim = misfit.constraint
    alone = [Contradiction(rival, gap) for rival in misfit.rivals if (gap := gap_between(claim, rival))]
    others = [rival for rival in misfit.rivals if not _of_one_report(claim, rival)]
    return alone or [Contradiction(rival, misfit.gap) for rival in others or misfit.rivals]


def _of_one_report(claim: Constraint, rival: Constraint) -> bool:
    both = claim.trust.source, claim.trust.report, claim.bound
    return both == (rival.trust.source, rival.trust.report, rival.bound)


def gap_between(claim: Constraint, rival: Constraint) -> float:
    """The people by which the best figures of two claims miss each other; 0 where both can hold.

    Claims about one period contradict each other where their intervals do not meet. Of two periods, one within the
    other, the inner one must not have more people than the outer one. Other periods leave room for both.
    """
    if (claim.start, claim.end) == (rival.start, rival.end):
        return max(_excess(claim, rival), _excess(rival, claim))
    if rival.start <= claim.start and claim.end <= rival.end:
        return _excess(claim, rival)
    if claim.start <= rival.start and rival.end <= claim.end:
        return _excess(rival, claim)
    return 0.0


def _excess(inner: Constraint, outer: Constraint) -> float:
    """By how many people a claim exceeds one about the same period or a longer one."""
    least = 0.0 if inner.kind is Kind.AT_MOST else inner.low
    most = INFINITE if outer.high is None or outer.kind is Kind.AT_LEAST else outer.high
    if least <= most + _slack(max(inner.best, outer.best)):
        return 0.0
    return max(inner.best - (most if outer.kind is Kind.AT_MOST else outer.best), least - most)


def _slack(people: float) -> float:
    """What rounding may leave between two figures that agree."""
    return 1e-9 * max(1.0, people)


def per_cent(gap: float, *figures: float) -> float:
    """A gap in per cent of the largest of these figures, rounded to tenths; 0 where all are 0."""
    largest = max(figures)
    return round(100 * gap / largest, 1) if largest > 0 else 0.0
