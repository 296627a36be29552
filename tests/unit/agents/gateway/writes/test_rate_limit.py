"""The rate limit that gateways share, on a real Redis: while it is there, away, and back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from bordertally.agents.delivery.redis.keys import rate_key
from bordertally.agents.gateway.writes import rate_limit
from bordertally.agents.gateway.writes.rate_limit import SharedLimit
from bordertally.agents.servers.process import Server
from gateway.test_posting import REGISTRY, REPORT, post
from live import Live, until


def client(redis: Server) -> Any:
    return Redis.from_url(f"redis://{redis.address}/0")


async def test_all_together_get_what_one_would(redis: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "AWAY_S", 0.0)
    monkeypatch.setattr(rate_limit, "ANSWER_S", 5.0)
    first, second = client(redis), client(redis)
    left, right = SharedLimit(first, 0.01, 3), SharedLimit(second, 0.01, 3)
    waits = [await limit.acquire("kz-mia") for limit in (left, right, left, right, right)]
    assert waits[:3] == [0, 0, 0]
    assert all(90 < wait <= 100 for wait in waits[3:])
    assert await right.acquire("ge-mia") == 0  # each source by itself
    assert 0 < await first.pttl(rate_key("kz-mia")) <= 300_001
    assert await right.acquire("mvd", 5) == 0  # several are admitted together
    assert 200 < await left.acquire("mvd") <= 300

    redis.kill()
    assert [await limit.acquire("kz-mia") for limit in (left, right)] == [0, 0]  # each by itself
    redis.start()  # empty
    waits = [await limit.acquire("kz-mia") for limit in (left, right, left, right)]
    assert waits[:3] == [0, 0, 0]
    assert waits[3] > 90
    await first.aclose()
    await second.aclose()


async def test_it_goes_on_at_the_rate(redis: Server) -> None:
    limited = client(redis)
    limit = SharedLimit(limited, 50.0, 1)
    assert await limit.acquire("kz-mia") == 0
    wait = await limit.acquire("kz-mia")
    assert 0 < wait <= 0.02
    await asyncio.sleep(wait)
    assert await limit.acquire("kz-mia") == 0
    await limited.aclose()


@pytest.mark.kafka
async def test_two_gateways_share_it(live_on_kafka: Live, tmp_path: Path) -> None:
    live = live_on_kafka
    (tmp_path / "sources.toml").write_text(REGISTRY, encoding="utf-8")
    slow = {"BORDERTALLY_SOURCES": str(tmp_path / "sources.toml"), "BORDERTALLY_GATEWAY_REPORTS_PER_S": "0.01"}
    left, right = live.gateway(**slow), live.gateway(**slow)
    statuses = [(await post(place.address, REPORT, "kz-secret"))[0] for place in (left, right, right)]
    assert statuses == [202, 429, 429]
    live.redis.kill()

    async def stored() -> bool:
        return (await post(right.address, REPORT, "kz-secret"))[0] == 202

    await until(stored, "a gateway goes by itself while Redis is away")
    assert (await post(right.address, REPORT, "kz-secret"))[0] == 429
