"""What a batch brought of a flow: the reports that may have moved its days, so that what they take away can cite them.

Figures follow from the claims in force alone, and so do the runs of days that alerts speak of. Which report came last,
and what it replaced, is no part of that: it goes beside the state of a flow, and only with those it can matter to.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from bordertally.streams.ledger.citations import CITED
from bordertally.streams.ledger.versions import Outcome

FOREVER = 3_000_000
"""An ordinal after every day there is."""


class News(msgspec.Struct, array_like=True, frozen=True):
    """A report, and the first and the last day (ordinals, both inclusive) it bears on.

    `moved`: it corrects or withdraws; `again`: it was in the ledger already, so it may have moved them before a crash.
    """

    report: str
    first: int
    last: int
    moved: bool = False
    again: bool = False

    @classmethod
    def of(cls, report: str, first: int, last: int, outcome: Outcome) -> News:
        """That a report came to this."""
        moved = outcome in (Outcome.CORRECTION, Outcome.WITHDRAWAL)
        return cls(report, first, last, moved, outcome is Outcome.DUPLICATE)


NEWS = "news"
"""The header of a record on `totals` that they come in."""

encode_news = msgspec.json.Encoder().encode
decode_news = msgspec.json.Decoder(list[News]).decode


def capped(news: Iterable[News]) -> list[News]:
    """At most as many as can be cited, each once, those that moved something first."""
    return sorted(dict.fromkeys(news), key=lambda one: not one.moved)[:CITED]
