"""What is remembered of deliveries: the topic `webhooks`, followed whole, and what this worker writes to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from bordertally.agents.delivery.follower import Follower
from bordertally.agents.kafka.producer import Record
from bordertally.agents.runtime.context import Context, log
from bordertally.streams.delivery.webhook_lane import Disabled, Lane

DISABLED = ":disabled"

_decode_lane = msgspec.json.Decoder(Lane).decode
_decode_disabled = msgspec.json.Decoder(Disabled).decode


class States(Follower):
    """The lanes of all subscriptions and partitions as last written, and the subscriptions that are disabled.

    `changed` is told of a subscription that was disabled or enabled, here or anywhere.
    """

    def __init__(self, context: Context, changed: Callable[[str], None] = lambda _: None) -> None:
        super().__init__(context, context.topics.webhooks, self._take)
        self.lanes: dict[tuple[str, int], Lane] = {}
        self.disabled: dict[str, Disabled] = {}
        self.changed = changed

    def _take(self, record: Any) -> None:
        name = (record.key or b"").decode("utf-8", "replace")
        try:
            if name.endswith(DISABLED):
                self.note(name.removesuffix(DISABLED), _decode_disabled(record.value) if record.value else None)
            elif record.value:
                self.lanes[name, record.partition] = _decode_lane(record.value)
            else:
                self.lanes.pop((name, record.partition), None)
        except msgspec.MsgspecError as error:
            log.warning("webhooks: a record of %s on its topic cannot be read and is passed over: %s", name, error)

    def note(self, name: str, disabled: Disabled | None) -> None:
        """Take note that a subscription is disabled, or is no more."""
        if disabled is None:
            self.disabled.pop(name, None)
        else:
            self.disabled[name] = disabled
        self.changed(name)


def lane_record(topic: str, name: str, partition: int, lane: Lane) -> Record:
    """How far a subscription is on a partition, as a record beside that partition."""
    return Record(topic, name.encode(), msgspec.json.encode(lane), partition)


def disabled_record(topic: str, name: str, disabled: Disabled | None) -> Record:
    """That a subscription is disabled; None: that it is no more."""
    value = b"" if disabled is None else msgspec.json.encode(disabled)
    return Record(topic, f"{name}{DISABLED}".encode(), value)
