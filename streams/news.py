"""What a batch brought of a flow: the reports that may have moved its days, so that what they take away can cite them.

Figures follow from the claims in force alone, and so do the runs of days that alerts speak of. Which report came last,
and what it replaced, is no part of that: it goes beside the state of a flow, and only with those it can matter to.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from streams.evidence import CITED
from streams.records import Alert
from streams.rules import RECORD, SHARE
from streams.versions import Outcome

FOREVER = 3_000_000
"""An ordinal after every day there is."""

LEARNED_DAYS = 30
"""What is learned for a day rests on so many days before it at most (see learning.methods)."""


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


def worth_telling(news: Sequence[News], *runs: bool) -> bool:
    """Whether an alert may have gone by these. `runs`: whether there were any, before or now.

    Where there were none, a report that is merely new has taken nothing away.
    """
    return bool(news) and (any(runs) or any(one.moved or one.again for one in news))


class Heard(NamedTuple):
    """What came about the days of an alert since it opened: at most CITED reports, and how many there are."""

    reports: tuple[str, ...] = ()
    number: int = 0


def heard(known: Heard, news: Iterable[News], alert: Alert, since: int, last: int) -> Heard:
    """What is known, and what of the news bears on an alert's days, or on those its normal level is learned from.

    What the alert itself rests on is no news, unless that very report is corrected under its own name.
    """
    reach = since
    if alert.rule == RECORD:
        reach = 0
    elif alert.baseline == "learned" or alert.rule == SHARE:
        reach = since - LEARNED_DAYS
    fresh = [
        one.report
        for one in news
        if one.first <= last and one.last >= reach and (one.moved or one.report not in alert.reports)
    ]
    found = tuple(one for one in dict.fromkeys(fresh) if one not in known.reports)
    if not found:
        return known
    return Heard((*known.reports, *found)[:CITED], known.number + len(found))
