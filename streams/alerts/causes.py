"""The reports that may have taken an alert away, as known since the alert opened."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from bordertally.streams.alerts.records import Alert
from bordertally.streams.detection.registry import rule_of
from bordertally.streams.learning.methods import LEARNED_DAYS
from bordertally.streams.ledger.causes import Cause
from bordertally.streams.ledger.citations import CITED


class CausesSeen(NamedTuple):
    """The reports about the days of an alert since it opened: at most CITED ids, and the number of all of them."""

    reports: tuple[str, ...] = ()
    number: int = 0


def causes_seen(known: CausesSeen, causes: Iterable[Cause], alert: Alert, since: int, last: int) -> CausesSeen:
    """The causes seen so far and those that bear on an alert's days, or on the days its baseline is learned from.

    A report that the alert itself cites is no cause, unless it is corrected or withdrawn. Days are ordinals.
    """
    learned = LEARNED_DAYS if alert.baseline == "learned" else 0
    reach = since - max(learned, rule_of(alert.rule).learns_from)
    fresh = [
        cause.report
        for cause in causes
        if cause.first <= last and cause.last >= reach and (cause.moved or cause.report not in alert.reports)
    ]
    added = tuple(report for report in dict.fromkeys(fresh) if report not in known.reports)
    if not added:
        return known
    return CausesSeen((*known.reports, *added)[:CITED], known.number + len(added))
