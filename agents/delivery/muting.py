"""Which alerts are muted now: by a silence, or by an open alert above where a rule inhibits."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgspec
from mode import Service

from bordertally.agents.delivery.follower import Follower
from bordertally.agents.runtime.context import Context
from bordertally.streams.alerts.silences import Notice, OpenAlerts, Silences, inhibited, silenced
from bordertally.streams.delivery.subscriptions import AlertHead

_decode = msgspec.json.Decoder(AlertHead).decode


class Muting(Service):
    """Follows `silences`, and `alerts` if a rule inhibits: the alert above may be on any partition."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.silences = Silences()
        self.open = OpenAlerts[AlertHead]()
        topics, rules = context.topics, context.rules
        self.followers = [Follower(context, topics.silences, self._silence)]
        self.followers += [Follower(context, topics.alerts, self._alert)] if rules.inhibits else []
        super().__init__()

    async def on_first_start(self) -> None:
        """Start to follow the topics."""
        for follower in self.followers:
            await self.add_runtime_dependency(follower)

    async def ready(self) -> None:
        """Return when every record that is on the topics now is known."""
        for follower in self.followers:
            await follower.caught_up()

    def mutes(self, alert: Notice) -> bool:
        """Whether an alert is silenced or inhibited now."""
        if self.silences.by_id and silenced(alert, self.silences.by_id.values(), datetime.now(UTC)) is not None:
            return True
        above = self.open.by_id.values()
        return bool(above) and inhibited(alert, above, self.context.rules) is not None

    def _silence(self, record: Any) -> None:
        self.silences.apply(record.key, record.value)
        now = time.time()
        for name in [key for key, silence in self.silences.by_id.items() if silence.until.timestamp() < now]:
            del self.silences.by_id[name]

    def _alert(self, record: Any) -> None:
        with suppress(msgspec.MsgspecError):
            self.open.apply(_decode(record.value or b""))
