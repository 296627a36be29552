"""Keys of the view in Redis that others delete, change or add: each is named, counted and put right."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError
from test_lost_records import lines, samples_of

from bordertally.agents.demo.run import sample
from bordertally.agents.kafka.clients import redis_options
from bordertally.agents.servers.process import Server
from live import Live, hourly, pure, until

pytestmark = pytest.mark.kafka

OWN = ("bordertally:offset:", "bordertally:alive", "bordertally:alerts:quiet")
"""Keys that are no part of what readers see, or change by themselves."""


async def view(redis: Any) -> dict[str, Any]:
    """Everything in Redis that readers see; of the alert log its entries, whose order and ids may change."""
    read: dict[bytes, Callable[[str], Awaitable[Any]]] = {
        b"hash": redis.hgetall,
        b"set": redis.smembers,
        b"zset": lambda key: redis.zrange(key, 0, -1, withscores=True),
        b"stream": lambda key: entries(redis, key),
    }
    seen: dict[str, Any] = {}
    for key in [key.decode() async for key in redis.scan_iter()]:
        if not key.startswith(OWN):
            kind = await redis.type(key)
            with suppress(ResponseError):  # it was put right meanwhile
                seen[key] = await read[kind](key) if kind in read else kind
    return seen


async def entries(redis: Any, key: str) -> set[tuple[bytes, ...]]:
    return {tuple(fields.values()) for _, fields in await redis.xrange(key)}


async def repairs(worker: Server) -> float:
    return (await samples_of(worker, "bordertally_view_repairs_total")).get((), 0)


async def up(worker: Server) -> bool:
    return await samples_of(worker, "bordertally_redis_up") == {(): 1}


async def test_lost_and_forged_keys_are_put_right(live_on_kafka: Live) -> None:
    live = live_on_kafka
    worker = live.worker()
    await live.publish([*sample(), *hourly(2)])
    desk = pure([*sample(), *hourly(2)])
    await live.shows(desk)
    await live.shows_alerts(desk)
    first, second = sorted({alert.id for alert in await live.alerts()})[:2]
    redis: Any = Redis.from_url(**redis_options(live.settings))
    try:
        await asyncio.sleep(6)  # a whole comparison, without a finding
        right = await view(redis)
        assert await repairs(worker) == 0

        async def put_right() -> bool:
            return await view(redis) == right

        await redis.delete("bordertally:flow:RU:GE")
        await redis.srem("bordertally:flows", "RU:KZ")
        await redis.hset("bordertally:flow:RU:EU", "7d", b'{"best": 1}')
        await redis.hset("bordertally:flow:RU", "state", b"{}")
        await redis.sadd("bordertally:flows", "AA:BB", b"\xff")
        newest = await redis.hget("bordertally:alerts", first)
        await redis.hset("bordertally:alerts:open", first, newest.replace(b"RU", b"KZ"))
        await redis.hset("bordertally:alerts", "0123456789abcdef", newest)
        await redis.hset("bordertally:alerts:open", "fedcba9876543210", b"not an alert")
        await redis.delete(f"bordertally:alert:{second}")
        await redis.zadd("bordertally:alerts:index", {second: 1})
        await until(put_right, "Redis holds again what it held", timeout_s=30)
        for what in (
            "bordertally:flow:RU:GE is missing",
            "bordertally:flow:RU:KZ is not listed in bordertally:flows",
            "bordertally:flow:RU:EU was changed",
            "bordertally:flow:RU was changed",
            "bordertally:flows lists b'AA:BB', of which there is no record",
            f"bordertally:alert:{first} was changed",
            f"bordertally:alert:{second} is missing in part",
            "bordertally:alerts has 0123456789abcdef, of which there is no record",
            "bordertally:alerts has fedcba9876543210, of which there is no record",
        ):
            assert lines(worker, f"Redis: {what}; put right"), what
        assert await repairs(worker) == len(lines(worker, "; put right"))

        # A worker that starts knows what it has not written itself.
        await asyncio.to_thread(worker.stop)
        await redis.set("bordertally:flows", "nothing")
        await redis.delete("bordertally:flow:RU:KZ")
        await redis.lpush("bordertally:flow:RU:KZ", "nothing")
        await redis.delete(f"bordertally:alert:{first}")
        await redis.set(f"bordertally:offset:{live.topics.totals}:0", "many")
        await redis.set(f"bordertally:offset:{live.topics.totals}:1", 10**9)
        again = live.worker()
        await until(put_right, "the restarted worker has put Redis right", timeout_s=30)
        assert lines(again, "Redis: bordertally:flows holds another type; put right")
        assert await repairs(again) > 2
    finally:
        await redis.aclose()


REFUSALS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "used memory > 'maxmemory'": (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0")),
    "read only replica": (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
    "NOREPLICAS": (("CONFIG", "SET", "min-replicas-to-write", "1"), ("CONFIG", "SET", "min-replicas-to-write", "0")),
    "MISCONF": (("BGSAVE",), ("BGSAVE",)),
}
"""By what Redis says: the command after which it refuses writes, and the one after which it takes them again."""


async def test_a_redis_that_answers_and_refuses_writes_is_not_up(live_on_kafka: Live) -> None:
    live = live_on_kafka
    worker = live.worker(BORDERTALLY_HOPS="delivery")
    redis: Any = Redis.from_url(**redis_options(live.settings))
    snapshot = live.redis.directory / "dump.rdb"

    async def down() -> bool:
        return not await up(worker)

    try:
        await until(lambda: up(worker), "Redis is up")
        await redis.config_set("save", "3600 1")  # only then does a failed snapshot stop writes
        for words, (refuse, accept) in REFUSALS.items():
            snapshot.mkdir()  # a directory in its place: no snapshot can be written
            await redis.execute_command(*refuse)
            await until(down, f"the refusal shows although nothing arrives: {words}", timeout_s=5)
            assert any(words in line for line in lines(worker, "Redis cannot be written")), words
            snapshot.rmdir()
            await redis.execute_command(*accept)
            await until(lambda: up(worker), f"Redis is up again: {words}", timeout_s=10)
    finally:
        await redis.aclose()
