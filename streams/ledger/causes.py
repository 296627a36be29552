"""The reports of a batch that may have moved days of a flow, so that an alert they take away can cite them.

Figures follow from the claims in force alone, and so do the runs of days behind alerts. The order of arrival and what a
report replaced are no part of the state of a flow: causes travel beside the state, in a header, and only where an alert
can depend on them.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from bordertally.streams.ledger.citations import CITED
from bordertally.streams.ledger.versions import Outcome

FOREVER = 3_000_000
"""An ordinal after every day in use: a cause up to here bears on all later days."""


class Cause(msgspec.Struct, array_like=True, frozen=True):
    """A report, and the first and the last day (ordinals, both inclusive) that it bears on.

    `moved`: the report corrects or withdraws. `again`: the ledger had it already, so it may have moved the days before
    a crash.
    """

    report: str
    first: int
    last: int
    moved: bool = False
    again: bool = False

    @classmethod
    def of(cls, report: str, first: int, last: int, outcome: Outcome) -> Cause:
        """The cause for a report whose claim had this outcome."""
        moved = outcome in (Outcome.CORRECTION, Outcome.WITHDRAWAL)
        return cls(report, first, last, moved, outcome is Outcome.DUPLICATE)


CAUSES_HEADER = "news"
"""The name of the header of a record on `totals` that carries the causes, as JSON."""

encode_causes = msgspec.json.Encoder().encode
decode_causes = msgspec.json.Decoder(list[Cause]).decode


def capped(causes: Iterable[Cause]) -> list[Cause]:
    """At most CITED causes, each once; those that moved something come first."""
    return sorted(dict.fromkeys(causes), key=lambda cause: not cause.moved)[:CITED]
