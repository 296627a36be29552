"""Versions of one claim: which version is in force, and the outcome of a new version."""

from __future__ import annotations

import enum
import re

import msgspec

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
    if _rank(new) <= _rank(current):
        return Outcome.STALE
    if new.best is None and current.best is not None:
        return Outcome.WITHDRAWAL
    return Outcome.CORRECTION


def _rank(version: Claim | Reading) -> tuple[object, ...]:
    """A total order over versions of one identity, the one in force last.

    The time published decides; then a withdrawal comes after a figure, then the natural order of the report ids, then
    any fixed order.
    """
    return version.published, version.best is None, *natural(version.report), msgspec.msgpack.encode(version)


_NUMBER = re.compile(r"(\d+)", re.ASCII)


def natural(report: str) -> tuple[list[tuple[int, str]], str]:
    """A key that sorts ids as a person does: `daily-10` after `daily-9`."""
    parts = _NUMBER.split(report)
    return [(int(part or 0) if place % 2 else 0, part) for place, part in enumerate(parts)], report
