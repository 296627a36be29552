"""Silences by the command, on their topic and in Redis."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import msgspec
from redis.asyncio import Redis

from bordertally.agents.kafka.producer import Record
from forking import run
from live import Live, until
from unit.kit import alert_record


def bordertally(live: Live, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"BORDERTALLY_TOPIC_PREFIX": live.topics.prefix, "USER": "ann"}
    return run("silences", *arguments, "--to", live.broker.address, environment=environment)


async def output_of(live: Live, *arguments: str) -> str:
    done = await asyncio.to_thread(bordertally, live, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


async def shown(live: Live) -> dict[str, dict[str, Any]]:
    redis: Any = Redis.from_url(f"redis://{live.redis.address}/0")
    try:
        silences = await redis.hgetall("bordertally:silences")
        return {key.decode(): json.loads(value) for key, value in silences.items()}
    finally:
        await redis.aclose()


async def test_a_silence_is_added_listed_shown_and_expired(live_on_kafka: Live, tmp_path: Path) -> None:
    live = live_on_kafka
    rules = tmp_path / "rules.toml"
    rules.write_text("[detection]\ninhibit = true\n")
    live.worker(BORDERTALLY_HOPS="delivery", BORDERTALLY_RULES=str(rules))
    alerts = [alert_record("RU", severity="critical"), alert_record("RU:GE"), alert_record("UA")]
    await live.send([Record(live.topics.alerts, alert.flow.encode(), msgspec.json.encode(alert)) for alert in alerts])

    async def inhibited() -> bool:
        muted = await live.hash_in_redis("bordertally:alerts:quiet")
        marks = {name: json.loads(value) for name, value in muted.items()}
        return marks == {"alert-RU:GE": {"silenced_by": None, "inhibited_by": "alert-RU"}}

    await until(inhibited, "Redis shows which alert another one inhibits")
    await live.send([Record(live.topics.silences, b"k", b"no silence")])
    name = await output_of(live, "add", "RU:*", "--until", "2h", "--comment", "roadworks", "--rule", "drop")
    (silence,) = json.loads(await output_of(live, "list", "--json"))["silences"]
    assert {key: silence[key] for key in ("id", "flow", "rule", "author", "comment")} == {
        "id": name,
        "flow": "RU:*",
        "rule": "drop",
        "author": "ann",
        "comment": "roadworks",
    }

    async def same() -> bool:
        return await shown(live) == {name: silence}

    await until(same, "Redis shows the silence")
    assert await output_of(live, "expire", name[:6]) == name
    assert json.loads(await output_of(live, "list", "--json")) == {"silences": []}
    assert name in await output_of(live, "list", "--all")

    async def over() -> bool:
        now: str = (await shown(live))[name]["until"]
        return now < str(silence["until"])

    await until(over, "Redis shows that it is over")
    done = await asyncio.to_thread(bordertally, live, "expire", "zz")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no silence id begins with zz" in done.stderr
