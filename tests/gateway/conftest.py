"""One pipeline with the sample week in it, and a gateway, for all tests that only look at it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
from live import Live, make_live, pure

from agents.demo.run import sample
from agents.servers.process import Server
from agents.servers.redis import start_redis


@pytest.fixture(scope="session")
def week(kafka: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The sample week on Apache Kafka, worked through."""
    directory = tmp_path_factory.mktemp("week")
    (directory / "redis").mkdir()
    redis = start_redis(None, directory / "redis")
    for live in make_live(kafka, redis, directory):
        live.worker()

        async def fill(live: Live = live) -> None:
            await live.publish(sample())
            await live.shows(pure(sample()))
            await live.shows_alerts(pure(sample()))

        asyncio.run(fill())
        yield live
    redis.stop()


@pytest.fixture(scope="session")
def gateway(week: Live) -> Server:
    """A gateway of that week."""
    return week.gateway()


@pytest.fixture
async def http(gateway: Server) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of it."""
    async with aiohttp.ClientSession(f"http://{gateway.address}") as session:
        yield session
