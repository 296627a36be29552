"""The level that an open alert keeps: for a week, the days of an alert do not teach the level it is compared with.

Without this a surge, or a closed border, would soon be normal, and the alert would end while it lasts.
"""

from __future__ import annotations

from bordertally.streams.learning.methods import METHODS
from bordertally.streams.ledger.tree import Node
from bordertally.streams.rules.baseline import WEEKLY, learned_from
from bordertally.streams.rules.config import Detection
from bordertally.streams.totals.records import Baseline

KEPT_DAYS = 7
"""For how many days an alert keeps the level it opened with, its first day included."""


def kept_level(node: Node, detection: Detection, opened: int, baseline: Baseline, day: int) -> Baseline | None:
    """The level that an alert has kept on a day; None where only the day's own level counts.

    `opened`: the first day of the alert (ordinal). `baseline`: the level of that day. A learned level is learned again
    for the day, because weekdays differ, from the days before the alert alone; where those are too few, the level of
    the first day is kept. The level of a week needs no keeping: it rests on days more than a week before.
    """
    if not opened < day < opened + KEPT_DAYS or baseline.method == WEEKLY:
        return None
    again = learned_from(node, day, detection, before=opened) if baseline.method in METHODS else None
    return again or baseline
