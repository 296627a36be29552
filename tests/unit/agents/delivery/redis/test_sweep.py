"""The comparison of Redis with the records, step by step, while records arrive."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
from aiokafka import TopicPartition
from redis.asyncio import Redis

from bordertally.agents.delivery.redis.keys import ALERT_INDEX, ALERTS, OPEN_ALERTS, SILENCES, alert_key
from bordertally.agents.delivery.redis.sweep import AlertStored, Contents, ViewSweep
from bordertally.agents.kafka.producer import partition_of_key
from bordertally.agents.servers.process import Server
from bordertally.streams.alerts.records import Alert
from bordertally.streams.moments import microseconds_in
from bordertally.streams.settings import load_settings
from bordertally.streams.topics import Topics
from unit.kit import alert_record

FLOWS = {partition_of_key(flow.encode(), 2): flow for flow in ("RU:GE", "RU:KZ", "RU:FI", "RU:MN", "RU:LV")}
"""A flow on each of two partitions."""


async def write(redis: Any, contents: Contents, alert: Alert, offset: int) -> None:
    """As the view does."""
    raw = msgspec.json.encode(alert)
    contents.alerts.setdefault(alert.id, AlertStored()).add(alert, offset, raw)
    for key in (ALERTS, OPEN_ALERTS):
        await redis.hset(key, alert.id, raw)
    await redis.hset(alert_key(alert.id), alert.seq, raw)
    await redis.zadd(ALERT_INDEX, {alert.id: microseconds_in(alert.published)})


async def test_an_alert_that_arrives_between_two_steps_is_not_taken_for_a_false_one(redis: Server) -> None:
    client: Any = Redis.from_url(f"redis://{redis.address}/0")
    sweep = ViewSweep(client, Topics(), load_settings(partitions=2))
    places = [TopicPartition("alerts", 0), TopicPartition("alerts", 1)]
    for place in places:
        await write(client, sweep.of(place), alert_record(FLOWS[place.partition], alert=f"first-{place.partition}"), 0)
    try:
        steps, number = sweep.differences(places, lambda _: {}, log=False), 0
        while (differences := await anext(steps, None)) is not None:
            assert differences == []
            number += 1
            for place in places:
                alert = alert_record(FLOWS[place.partition], alert=f"alert-{number}-{place.partition}")
                await write(client, sweep.of(place), alert, number)
        assert number >= 4
        await client.hset(ALERTS, "forged", msgspec.json.encode(alert_record(FLOWS[1], alert="forged")))
        found = [each async for step in sweep.differences(places, lambda _: {}, log=False) for each in step]
        assert [(tp.partition, wrong.what) for tp, wrong in found] == [
            (1, f"{ALERTS} has forged, of which there is no record")
        ]
    finally:
        await client.aclose()


def test_a_record_replaces_those_before_it_and_no_later_one() -> None:
    contents = Contents()
    assert contents.set("RU", 5, b"new")
    assert not contents.set("RU", 4, b"old")
    assert contents.set("RU", 5, b"new")  # delivered again
    assert contents.values["RU"].offset == 5
    stored = AlertStored()
    for seq, offset in ((1, 10), (2, 11), (1, 12)):
        stored.add(alert_record(seq=seq), offset, b"%d" % seq)
    assert (stored.newest, stored.first, len(stored.records)) == (2, 10, 2)


async def test_silences_in_redis_are_compared_with_their_records() -> None:
    silences = TopicPartition("silences", 0)
    held = {b"kept": b"1", b"changed": b"forged", b"added": b"3", b"elsewhere": b"4"}

    async def hgetall(key: str) -> dict[bytes, bytes]:
        assert key == SILENCES
        return held

    sweep = ViewSweep(SimpleNamespace(hgetall=hgetall), Topics(), load_settings(partitions=1))
    for offset, (name, value) in enumerate([("kept", b"1"), ("changed", b"2"), ("missing", b"5"), ("elsewhere", b"4")]):
        sweep.of(silences).set(name, offset, value)
    found = [each async for step in sweep.differences([silences], lambda _: {}, log=False) for each in step]
    assert {wrong.what for _, wrong in found} == {
        f"{SILENCES} changed was changed",
        f"{SILENCES} missing is missing",
        f"{SILENCES} added was added",
    }
