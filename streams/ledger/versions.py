"""Versions of one claim: which version is in force, and the outcome of a new version."""

from __future__ import annotations

import enum

import msgspec

from bordertally.streams.natural_order import natural
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.readings import Reading


class Outcome(enum.StrEnum):
    """The outcome of adding a claim to the ledger; the labels of `bordertally_claims_total`."""

    NEW = "new"
    CORRECTION = "correction"
    WITHDRAWAL = "withdrawal"
    DUPLICATE = "duplicate"
    STALE = "stale"


UNMOVED = frozenset({Outcome.DUPLICATE, Outcome.STALE})
"""Outcomes that leave the ledger unchanged."""


def outcome_of(new: Claim | Reading, current: Claim | Reading | None) -> Outcome:
    """Return what `new` does to `current`, the version in force; their time of publication decides, not of arrival."""
    if current is None:
        return Outcome.WITHDRAWAL if new.best is None else Outcome.NEW
    if new == current:
        return Outcome.DUPLICATE
    if rank(new) <= rank(current):
        return Outcome.STALE
    if new.best is None and current.best is not None:
        return Outcome.WITHDRAWAL
    return Outcome.CORRECTION


def rank(version: Claim | Reading) -> tuple[object, ...]:
    """Return the place of a version in a total order of the versions of one identity, the one in force last.

    The time published decides; then a withdrawal comes after a figure, then the natural order of the report ids, then
    any fixed order.
    """
    return version.published, version.best is None, *natural(version.report), msgspec.msgpack.encode(version)
