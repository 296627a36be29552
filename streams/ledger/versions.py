"""Versions of one claim: which of two is in force, and what a new one does."""

from __future__ import annotations

import enum

import msgspec

from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.readings import Reading


class Outcome(enum.StrEnum):
    """What became of a claim in the ledger; the labels of `bordertally_claims_total`."""

    NEW = "new"
    CORRECTION = "correction"
    WITHDRAWAL = "withdrawal"
    DUPLICATE = "duplicate"
    STALE = "stale"


UNMOVED = frozenset({Outcome.DUPLICATE, Outcome.STALE})
"""Outcomes that leave the ledger as it was."""


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
