"""Which alerts are muted now: by a silence, or by another open alert that tells of the same people."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgspec
from mode import Service

from bordertally.agents.delivery.follower import Follower
from bordertally.agents.runtime.context import Context
from bordertally.streams.alerts.inhibition import Notice, OpenAlerts, inhibited
from bordertally.streams.alerts.records import Alert
from bordertally.streams.alerts.silences import Silences, silenced
from bordertally.streams.delivery.subscriptions import AlertHead

_decode = msgspec.json.Decoder(AlertHead).decode


MOST_CLOSED = 10_000
"""The most closed alerts whose newest record is remembered, so that an earlier record does not open them again."""


class Muting(Service):
    """Follows `silences` and `alerts`: the alert that inhibits another may be on any partition."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.silences = Silences()
        self.open = OpenAlerts[Alert | AlertHead]()
        self._seen: dict[str, int] = {}
        topics = context.topics
        self.followers = [
            Follower(context, topics.silences, self._silence),
            Follower(context, topics.alerts, self._alert),
        ]
        super().__init__()

    async def on_first_start(self) -> None:
        """Start to follow the topics."""
        for follower in self.followers:
            await self.add_runtime_dependency(follower)

    async def ready(self) -> None:
        """Return when every record that is on the topics now is known."""
        for follower in self.followers:
            await follower.caught_up()

    def note(self, alert: Alert | AlertHead) -> None:
        """Apply a record of `alerts`, unless a later one is known.

        A channel notes the records that it is about to deliver: the follower may be behind the channel.
        """
        if alert.seq <= self._seen.get(alert.id, 0):
            return
        self._seen.pop(alert.id, None)
        self._seen[alert.id] = alert.seq
        self.open.apply(alert)
        while len(self._seen) > len(self.open.by_id) + MOST_CLOSED:
            del self._seen[next(iter(self._seen))]

    def mutes(self, alert: Alert | AlertHead) -> bool:
        """Whether an alert is silenced or inhibited now."""
        self.note(alert)
        return self._silenced(alert) or inhibited(alert, self.open, self.context.rules, self._silenced) is not None

    def _silenced(self, alert: Notice) -> bool:
        return (
            bool(self.silences.by_id) and silenced(alert, self.silences.by_id.values(), datetime.now(UTC)) is not None
        )

    def _silence(self, record: Any) -> None:
        self.silences.apply(record.key, record.value)
        now = time.time()
        for name in [key for key, silence in self.silences.by_id.items() if silence.until.timestamp() < now]:
            del self.silences.by_id[name]

    def _alert(self, record: Any) -> None:
        with suppress(msgspec.MsgspecError):
            self.note(_decode(record.value or b""))
