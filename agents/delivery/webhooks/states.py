"""The stored state of deliveries, on the topic `webhooks`: followed as a whole, and written by this worker."""

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
    """The lanes of all subscriptions and partitions as stored, and the disabled subscriptions.

    `changed` is called with the name of a subscription that any worker or command disabled or enabled.
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
            log.warning("webhooks: a stored record of %s cannot be read and is skipped: %s", name, error)

    def note(self, name: str, disabled: Disabled | None) -> None:
        """Note that a subscription is disabled, or (None) is not any more."""
        if disabled is None:
            self.disabled.pop(name, None)
        else:
            self.disabled[name] = disabled
        self.changed(name)


def lane_record(topic: str, name: str, partition: int, lane: Lane) -> Record:
    """The record that stores a lane, on the partition of the same number."""
    return Record(topic, name.encode(), msgspec.json.encode(lane), partition)


def disabled_record(topic: str, name: str, disabled: Disabled | None) -> Record:
    """The record that stores that a subscription is disabled, or (None) is not any more."""
    value = b"" if disabled is None else msgspec.json.encode(disabled)
    return Record(topic, f"{name}{DISABLED}".encode(), value)
