"""One pipeline with the sample week in it, and a gateway, for all tests that only look at it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import aiohttp
import pytest

from bordertally.agents.demo.run import sample
from bordertally.agents.servers.process import Server
from bordertally.agents.servers.redis import start_redis
from live import Live, make_live, pure, state_of, until


@pytest.fixture(scope="session")
def week(kafka: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The sample week on Apache Kafka, worked through."""
    directory = tmp_path_factory.mktemp("week")
    (directory / "redis").mkdir()
    with start_redis(None, directory / "redis") as redis, contextmanager(make_live)(kafka, redis, directory) as live:
        live.worker()

        async def fill() -> None:
            await live.publish(sample())
            await shows_week(live)

        asyncio.run(fill())
        yield live


async def shows_week(live: Live) -> None:
    """Wait until Redis shows the totals and alerts of the sample week."""
    desk = pure(sample())
    wanted = {str(flow): state.totals for flow, state in desk.states.items()}

    async def same() -> bool:
        return {flow: state_of(raw).totals for flow, raw in (await live.states()).items()} == wanted

    await until(same, "the totals of the week")
    await live.shows_alerts(desk)


@pytest.fixture(scope="session")
def gateway(week: Live) -> Server:
    """A gateway of that week."""
    return week.gateway()


@pytest.fixture
async def http(gateway: Server) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of it."""
    async with aiohttp.ClientSession(f"http://{gateway.address}") as session:
        yield session
