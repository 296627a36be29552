"""What the view writes to Redis for each record of `totals`, and of what it tells those who listen there."""

from __future__ import annotations

import time
from typing import Any, cast

import msgspec
from aiokafka import TopicPartition

from bordertally.agents.delivery.redis.keys import FLOWS, TOTALS_CHANNEL, flow_key
from bordertally.agents.delivery.redis.view import RedisView
from bordertally.agents.runtime.context import Context
from bordertally.streams.settings import load_settings
from bordertally.streams.totals.records import FlowState
from unit.agents.hops.kit import record
from unit.kit import claim, told

TOTALS = TopicPartition("totals", 0)


class Pipe:
    """A transaction: the commands in order, each with its first argument."""

    def __init__(self) -> None:
        self.commands: list[tuple[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda key, *_, **__: self.commands.append((name, key))


def state(offset: int, age_s: float, *, gone: bool = False) -> Any:
    value: FlowState = msgspec.structs.replace(told(claim(100)).state(), gone=gone)
    return record(offset, msgspec.json.encode(value), int((time.time() - age_s) * 1000))


async def test_a_fresh_state_is_published_and_an_old_one_only_stored() -> None:
    view, pipe = RedisView(Context.load(load_settings())), Pipe()
    await view.put(cast("Any", pipe), TOTALS, [state(1, age_s=0)])
    stored = [("delete", flow_key("RU:KZ")), ("hset", flow_key("RU:KZ")), ("sadd", FLOWS)]
    assert pipe.commands == [*stored, ("publish", TOTALS_CHANNEL)]
    pipe.commands.clear()
    await view.put(cast("Any", pipe), TOTALS, [state(2, age_s=86_400)])
    assert pipe.commands == stored
    pipe.commands.clear()
    await view.put(
        cast("Any", pipe), TOTALS, [state(3, age_s=0, gone=True), state(2, age_s=0)]
    )  # the second is replaced
    assert pipe.commands == [("delete", flow_key("RU:KZ")), ("srem", FLOWS), ("publish", TOTALS_CHANNEL)]
