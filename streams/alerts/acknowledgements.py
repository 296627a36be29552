"""Acknowledgements: who has seen an alert, when, and what they noted. An acknowledged alert is not muted."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from bordertally.streams.alerts.records import Alert
from bordertally.streams.errors import BordertallyError


class Acknowledgement(Struct, frozen=True, kw_only=True):
    """The record on `acknowledgements`, keyed by the id of the alert; every record is kept.

    `seq` and `severity`: those of the record of the alert that was acknowledged.
    """

    alert: Annotated[str, Meta(min_length=1, max_length=200)]
    flow: str
    seq: int
    severity: str
    at: Annotated[datetime, Meta(tz=True)]
    author: str
    note: str = ""


def acknowledge(alert: Alert, *, author: str, note: str, now: datetime) -> Acknowledgement:
    """The acknowledgement of an open alert as it is now. Raises BordertallyError for a closed one, or no author."""
    if not author.strip():
        raise BordertallyError("author: say who you are; others see who has acknowledged the alert")
    if not alert.state.is_open:
        raise BordertallyError(f"alert: {alert.id} is closed ({alert.state.value}); only an open alert is acknowledged")
    return Acknowledgement(
        alert=alert.id, flow=alert.flow, seq=alert.seq, severity=alert.severity, at=now, author=author, note=note
    )


class Acknowledgements:
    """The acknowledgements of every alert, in order of time."""

    def __init__(self) -> None:
        self.by_alert: dict[str, list[Acknowledgement]] = {}

    def apply(self, value: bytes | None) -> Acknowledgement | None:
        """Add a record of the topic. Returns it, or None for one that is there already or cannot be read."""
        try:
            record = msgspec.json.decode(value or b"", type=Acknowledgement)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        records = self.by_alert.setdefault(record.alert, [])
        if record in records:
            return None
        records.append(record)
        records.sort(key=lambda each: (each.at, each.author, each.note))
        return record

    def of(self, alert: str) -> list[Acknowledgement]:
        """The acknowledgements of an alert, the first one first."""
        return list(self.by_alert.get(alert, ()))

    def newest(self, alert: str) -> Acknowledgement | None:
        """The newest acknowledgement of an alert."""
        records = self.by_alert.get(alert)
        return records[-1] if records else None
