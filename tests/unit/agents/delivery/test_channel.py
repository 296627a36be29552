"""What a delivery channel makes of the records of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from aiokafka import TopicPartition

from bordertally.agents.delivery.channel import AlertUpdate, Channel
from bordertally.agents.runtime.context import Context
from bordertally.streams.settings import load_settings
from bordertally.streams.totals.records import FlowState
from unit.agents.hops.kit import record
from unit.kit import alert_record


class Toy(Channel):
    hop = "toy"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.delivered: list[str] = []

    async def deliver(self, states: Sequence[FlowState], updates: Sequence[AlertUpdate]) -> None:
        self.delivered += [*(state.flow for state in states), *(update.alert.id for update in updates)]


async def test_a_record_that_cannot_be_read_is_counted_and_passed_over_and_the_others_are_delivered() -> None:
    channel = Toy(Context.load(load_settings()))
    alerts: list[Any] = [record(4, b"no alert"), record(5, msgspec.json.encode(alert_record("RU:KZ", alert="a")))]
    place = TopicPartition("alerts", 0)
    assert await channel.handle({place: alerts}) == {place: 6}
    assert channel.delivered == ["a"]
    assert channel.context.metrics["unreadable_records_total"].labels("toy")._value.get() == 1
