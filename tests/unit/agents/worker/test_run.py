"""The end of a worker's process, when all its services have stopped."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from bordertally.agents.worker.run import Runner


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop that has run and runs no more."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def test_tasks_that_are_left_are_cancelled_and_waited_for(loop: asyncio.AbstractEventLoop) -> None:
    ended = []

    async def left() -> None:
        try:
            await asyncio.sleep(600)
        finally:
            await asyncio.sleep(0)
            ended.append("left")

    async def begin() -> asyncio.Task[None]:
        task = asyncio.create_task(left())
        await asyncio.sleep(0)
        return task

    task = loop.run_until_complete(begin())
    runner: Any = SimpleNamespace(loop=loop)
    began = time.monotonic()
    Runner._gather_all(runner)
    assert ended == ["left"]
    Runner._gather_all(runner)  # none is left
    loop.run_until_complete(Runner._sentinel_task(runner))
    assert time.monotonic() < began + 0.9
    assert task.cancelled()
