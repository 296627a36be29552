"""The evidence in Redis beside what the pure core traces, on both brokers: twice, flushed, away for a while."""

from __future__ import annotations

import json
from typing import Any

import pytest
from redis.asyncio import Redis

from asking import evidence_in_redis, why
from bordertally.agents.demo.run import sample
from bordertally.streams.evidence.trace import trace
from bordertally.streams.replay.ledgers import ReplayLedgers, kept_by
from live import Live, pure, until

FLOWS = ("RU", "RU:GE", "RU:KZ", "RU:EU")


async def shows_evidence(live: Live, desk: ReplayLedgers) -> None:
    """Wait until the evidence of every flow is what the pure core traces."""
    kept = kept_by(desk)
    wanted = {flow: trace(flow, kept, desk.names) for flow in FLOWS}

    async def same() -> bool:
        return {flow: await evidence_in_redis(live, flow) for flow in FLOWS} == wanted

    try:
        await until(same, "the evidence in Redis is that of the pure core")
    except AssertionError:
        for flow in FLOWS:
            assert await evidence_in_redis(live, flow) == wanted[flow]
        raise


async def flush(live: Live) -> None:
    redis: Any = Redis.from_url(f"redis://{live.redis.address}/0")
    try:
        await redis.flushall()
    finally:
        await redis.aclose()


async def test_evidence_is_what_the_pure_core_traces_and_comes_back_after_a_flush(live: Live) -> None:
    live.worker()
    await live.publish(sample())
    desk = pure(sample())
    await shows_evidence(live, desk)
    await live.publish(sample()[::-1])
    await flush(live)
    await shows_evidence(live, desk)
    georgia = await evidence_in_redis(live, "RU:GE")
    assert (georgia.figure is not None, georgia.added_up) == (True, 73_000)
    assert {claim.text for claim in georgia.claims} >= {
        "20,000 people crossed the border in two days; cars from elsewhere are kept out from now on."
    }
    explanation = await why(live, "RU:GE")
    assert "Russia to Georgia, 21-27 Sep 2022: 53,000 people (53,000 to 54,000)." in explanation
    assert "Adding up every source would give 73,000: 20,000 would be counted twice." in explanation
    assert "“20,000 people crossed the border in two days" in explanation


async def test_a_correction_replaces_what_was_said(live: Live) -> None:
    live.worker()
    first = {
        "id": "first",
        "source": "kz-mia",
        "published": "2022-09-27T09:00:00Z",
        "flow": "RU:KZ",
        "period": "2022-09-21/2022-09-28",
        "people": 98_000,
        "text": "98,000 in a week",
    }
    second = first | {"id": "second", "published": "2022-09-28T09:00:00Z", "people": 61_000, "text": "61,000 it was"}
    raws = [json.dumps(document).encode() for document in (first, second)]
    for count in (1, 2):
        await live.publish(raws[:count])

        async def shown(count: int = count) -> bool:
            wanted = [(first, second)[count - 1]["text"]]
            return [claim.text for claim in (await evidence_in_redis(live, "RU:KZ")).claims] == wanted

        await until(shown, "the newest words stand")


@pytest.mark.kafka
async def test_a_worker_that_comes_back_goes_on_where_redis_stands(live_on_kafka: Live) -> None:
    live = live_on_kafka
    early, late = sample()[:600], sample()[600:]
    worker = live.worker()
    await live.publish(early)
    await shows_evidence(live, pure(early))
    worker.stop()
    await flush(live)
    live.worker()
    await live.publish(late)
    await shows_evidence(live, pure([*early, *late]))
