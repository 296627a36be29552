"""Causes: the reports of a batch that may have changed days of a flow, for an alert that is withdrawn to cite.

The figures of a flow, and the runs of days behind its alerts, follow from the claims in force alone. The order of
arrival and the claims that a report replaced are not part of that state, so causes travel beside it, in a header, and
only where an alert can depend on them.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bordertally.streams.ledger.citations import CITED
from bordertally.streams.ledger.versions import Outcome

FOREVER = 3_000_000
"""An ordinal after every day in use: a cause with this last day affects all later days."""


class Cause(msgspec.Struct, array_like=True, frozen=True):
    """A report (`source/id`), and the first and the last day (ordinals, both inclusive) that it affects.

    `moved`: the report corrects or withdraws. `again`: the ledger already had the report, so it may have changed the
    days before a crash.
    """

    report: str
    first: int
    last: int
    moved: bool = False
    again: bool = False

    @classmethod
    def of(cls, report: str, first: int, last: int, outcome: Outcome) -> Cause:
        """Return the cause for a report whose claim had this outcome."""
        moved = outcome in (Outcome.CORRECTION, Outcome.WITHDRAWAL)
        return cls(report, first, last, moved, outcome is Outcome.DUPLICATE)


CAUSES_HEADER = "news"
"""The header of a record on `totals` that carries the causes, as JSON."""

encode_causes = msgspec.json.Encoder().encode
decode_causes = msgspec.json.Decoder(list[Cause]).decode


def capped(causes: Sequence[Cause]) -> Sequence[Cause]:
    """Return at most CITED causes without duplicates, those that moved something first."""
    if len(causes) == 1:
        return causes
    return sorted(dict.fromkeys(causes), key=lambda cause: not cause.moved)[:CITED]
