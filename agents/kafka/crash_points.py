"""Crash points: named places between the steps of the hops at which tests end a worker as kill -9 would.

`BORDERTALLY_CRASH_AT=intake.done` in the environment of a worker ends the worker at that point: nothing is flushed,
committed or closed. With `BORDERTALLY_CRASH_AT=intake.done@FILE`, the point is ignored until the file exists. The
variable is not a setting; only tests set it. Without it, a point costs one comparison a batch.
"""

from __future__ import annotations

import os
from pathlib import Path

from bordertally.streams.errors import ConfigError, shown

VARIABLE = "BORDERTALLY_CRASH_AT"

EXIT_CODE = 71
"""The exit code of a worker that crashed at a point."""

POINTS = {
    "intake.read": "reports are read, not yet checked",
    "intake.sorted": "reports are checked, nothing is sent",
    "written.claims": "claims of one partition are stored, nothing else",
    "written.reports.rejected": "dead letters of one partition are stored, nothing else",
    "intake.done": "claims and dead letters are stored, no offset is committed",
    "intake.committed": "the offsets of the reports are committed",
    "ledger.added": "claims are in memory, no figure is computed",
    "ledger.computed": "figures are computed, nothing is stored",
    "written.ledger-changelog": "rows of one partition are stored, no total",
    "written.totals": "totals of one partition are stored, no row",
    "table.stored": "the broker has all rows and totals, the table in memory does not",
    "ledger.flushed": "all is stored and in memory, the claims are not acknowledged",
    "ledger.acknowledged": "the claims are acknowledged, no offset is committed",
    "faust.committing": "offsets of ledger and alerts are about to be committed",
    "faust.committed": "offsets of ledger and alerts are committed",
    "alerts.added": "flow states are compared with the alerts published, nothing is published",
    "written.alerts": "alert records of one partition are stored, others are not",
    "alerts.sent": "alert records are stored, the table does not know yet",
    "written.alerts-changelog": "the table's rows of one partition are stored",
    "alerts.flushed": "all rows are stored, the flow states are not acknowledged",
    "alerts.acknowledged": "the flow states are acknowledged, no offset is committed",
    "tables.read_back": "a starting worker has restored a part of its tables",
    "delivery.read": "records for Redis are read, none is written",
    "delivery.written": "Redis has records of one partition, the worker has not noted it",
    "delivery.done": "Redis has all records, no offset is committed",
    "delivery.committed": "the offsets of the records are committed",
    "webhooks.read": "alert records are read, not yet matched with subscriptions",
    "webhooks.taken": "events wait in memory, the first is about to be sent",
    "webhooks.sent": "an endpoint has an event, nothing is noted",
    "written.webhooks": "the lanes of one partition are stored",
    "webhooks.remembered": "all lanes are stored, no offset is committed",
    "webhooks.done": "the records are handed to the lanes, no offset is committed",
    "webhooks.committed": "the offsets of the records are committed",
    "alertmanager.read": "alert records are read, nothing is posted",
    "alertmanager.telling": "the alerts to post are known, nothing is posted",
    "alertmanager.told": "one Alertmanager has the alerts, nothing is noted",
    "alertmanager.done": "Alertmanager has the alerts, no offset is committed",
    "alertmanager.committed": "the offsets of alerts that are over are committed",
}
"""Every point, in the order in which reports reach it, and the state of the worker there."""

_named, _, _once = os.environ.get(VARIABLE, "").partition("@")


def armed() -> str:
    """The point that the variable names; empty without a point. Raises ConfigError for an unknown point."""
    if _named and _named not in POINTS:
        raise ConfigError(f"{VARIABLE}={shown(_named)}: no such point; there are {', '.join(POINTS)}")
    return _named


def due(point: str) -> bool:
    """Whether the worker must crash at this point now."""
    return point == _named and (not _once or Path(_once).exists())


def crash() -> None:
    """End the process at once, without cleaning up."""
    os._exit(EXIT_CODE)


def crash_at(point: str) -> None:
    """Crash if the variable names this point."""
    if point == _named and due(point):
        crash()
