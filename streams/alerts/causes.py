"""The reports that may have taken an alert away, as known since the alert opened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bordertally.streams.alerts.records import Alert
from bordertally.streams.detection.registry import rule_of
from bordertally.streams.learning.methods import LEARNED_DAYS
from bordertally.streams.ledger.causes import News
from bordertally.streams.ledger.citations import CITED


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
    learned = LEARNED_DAYS if alert.baseline == "learned" else 0
    reach = since - max(learned, rule_of(alert.rule).learns_from)
    fresh = [
        one.report
        for one in news
        if one.first <= last and one.last >= reach and (one.moved or one.report not in alert.reports)
    ]
    found = tuple(one for one in dict.fromkeys(fresh) if one not in known.reports)
    if not found:
        return known
    return Heard((*known.reports, *found)[:CITED], known.number + len(found))
