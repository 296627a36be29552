"""Named points between the steps of the hops at which a worker can be told to die, to test that this is harmless.

`BORDERTALLY_CRASH_AT=intake.sent` in the environment of a worker ends it there as kill -9 would: nothing is flushed,
committed or closed. `BORDERTALLY_CRASH_AT=intake.sent@FILE` does so once that file exists. It is no setting: only tests
name it. Where nothing is named, a point costs a comparison a batch.
"""

from __future__ import annotations

import os
from pathlib import Path

from bordertally.streams.errors import ConfigError, shown

VARIABLE = "BORDERTALLY_CRASH_AT"

EXIT_CODE = 71
"""How a worker ends at a point."""

POINTS = {
    "intake.read": "reports are read, nothing is done with them",
    "intake.sorted": "they are checked, nothing is sent",
    "written.claims": "of what they led to, claims of one partition are stored, nothing else",
    "written.reports.rejected": "dead letters of one partition are stored, nothing else",
    "intake.done": "everything is stored, no offset is committed",
    "intake.committed": "their offsets are committed",
    "ledger.taken": "claims are in memory, no figure is worked out",
    "ledger.figured": "figures are worked out, nothing is stored",
    "written.ledger-changelog": "rows of one partition are stored, no total",
    "written.totals": "totals of one partition are stored, no row",
    "table.stored": "the broker has all rows and totals, the table in memory has not",
    "ledger.settled": "all is stored and in memory, the claims are not acknowledged",
    "ledger.acknowledged": "the claims are acknowledged, no offset is committed",
    "faust.committing": "offsets of ledger and alerts are about to be committed",
    "faust.committed": "they are committed",
    "alerts.taken": "states are compared with what was said, nothing is said",
    "written.alerts": "alert records of one partition are stored, others are not",
    "alerts.said": "alert records are stored, it is not remembered that they were said",
    "written.alerts-changelog": "what was said is remembered for one partition",
    "alerts.settled": "all is remembered, the states are not acknowledged",
    "alerts.acknowledged": "the states are acknowledged, no offset is committed",
    "tables.read_back": "a starting worker has read a part of its tables back",
    "delivery.read": "records for Redis are read, none is written",
    "delivery.written": "Redis has records of one partition, the worker has not noted it",
    "delivery.done": "Redis has them, no offset is committed",
    "delivery.committed": "their offsets are committed",
    "webhooks.read": "alert records are read, it is not known yet who is to be told",
    "webhooks.taken": "events wait in memory to be sent, the first of them is about to be",
    "webhooks.sent": "an endpoint has an event, nothing is noted",
    "written.webhooks": "how far a subscription is is remembered for one partition",
    "webhooks.remembered": "how far all subscriptions are is remembered, no offset is committed",
    "webhooks.done": "what was read is handed on, no offset is committed",
    "webhooks.committed": "its offsets are committed",
    "alertmanager.read": "alert records are read, nobody is told",
    "alertmanager.telling": "what is to be said is worked out, nobody is told",
    "alertmanager.told": "an Alertmanager has it, nothing is noted",
    "alertmanager.done": "Alertmanager has it, no offset is committed",
    "alertmanager.committed": "the offsets of alerts that are over are committed",
}
"""Every point, in the order in which reports come by, and what has happened there."""

_named, _, _once = os.environ.get(VARIABLE, "").partition("@")


def armed() -> str:
    """The point named, empty where none is. Raises ConfigError for one that does not exist."""
    if _named and _named not in POINTS:
        raise ConfigError(f"{VARIABLE}={shown(_named)}: no such point; there are {', '.join(POINTS)}")
    return _named


def due(point: str) -> bool:
    """Whether the worker is to die here, now."""
    return point == _named and (not _once or Path(_once).exists())


def crash() -> None:
    """Die as kill -9 would have it."""
    os._exit(EXIT_CODE)


def crash_at(point: str) -> None:
    """Die if this is the point named."""
    if point == _named and due(point):
        crash()
