"""`bordertally verify`: a running pipeline beside a replay of its reports."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis

from bordertally.agents.demo.run import sample
from bordertally.agents.kafka.clients import redis_options
from bordertally.agents.kafka.producer import Record
from bordertally.streams.totals.records import FlowState
from forking import run
from live import Live, hourly, pure

pytestmark = pytest.mark.kafka


async def test_a_sound_pipeline_is_equal_and_every_false_value_is_listed(live_on_kafka: Live) -> None:
    live = live_on_kafka
    worker = live.worker()
    reports = [*sample(), *hourly(1)]
    await live.publish(reports)
    desk = pure(reports)
    await live.shows(desk)
    await live.shows_alerts(desk)
    equal = await asyncio.to_thread(run, "verify", environment=live.environment)
    assert (equal.returncode, equal.stderr) == (0, ""), equal
    assert equal.stdout.startswith(f"{len(desk.states)} flows and ")
    assert f"on the topics and in Redis are what {len(reports):,} reports come to\n" in equal.stdout
    await asyncio.to_thread(worker.stop)

    (raw,) = [raw for flow, raw in (await live.states()).items() if flow == "RU:KZ"]
    false = msgspec.json.decode(raw, type=FlowState)
    week = msgspec.structs.replace(false.totals[1], best=false.totals[1].best + 1)
    false = msgspec.structs.replace(false, totals=[false.totals[0], week, false.totals[2]])
    await live.send([Record(live.topics.totals, b"RU:KZ", msgspec.json.encode(false))])
    redis: Any = Redis.from_url(**redis_options(live.settings))
    try:
        await redis.delete("bordertally:flow:RU:GE")
        await redis.sadd("bordertally:flows", "AA:BB")
        await redis.hset("bordertally:flow:AA:BB", "state", b"{}")
    finally:
        await redis.aclose()
    found = await asyncio.to_thread(run, "verify", "--wait", "0", "--json", environment=live.environment)
    assert found.returncode == 1, found
    differences = {(flow, place): what for flow, place, what in json.loads(found.stdout)["differences"]}
    assert differences.keys() == {("RU:KZ", "totals"), ("RU:KZ", "Redis"), ("RU:GE", "Redis"), ("AA:BB", "Redis")}
    assert differences["RU:KZ", "totals"].startswith(f"7d is {week.best:,} [")
    assert f"the reports come to {week.best - 1:,} [" in differences["RU:KZ", "totals"]
    assert differences["RU:GE", "Redis"] == "is missing"
    assert differences["AA:BB", "Redis"] == "has no record"
    listed = await asyncio.to_thread(run, "verify", "--wait", "0", environment=live.environment)
    assert listed.stdout.splitlines()[0] == "AA:BB: Redis: has no record"
    assert listed.stdout.splitlines()[-1].startswith("4 differences among ")
