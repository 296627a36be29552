from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace
from typing import Any

from bordertally.agents.kafka.pacing import pace_fetches

PACE_S = 2.0
"""Far longer than a busy machine takes for a question that need not wait."""


def asking(*brings: bool) -> tuple[Any, list[float]]:
    """A consumer whose broker brings something or nothing, one after the other, and when it was asked."""
    asked, left = list[float](), iter(brings)

    async def ask(*_: object) -> bool:
        asked.append(time.monotonic())
        return next(left)

    consumer = SimpleNamespace(_fetcher=SimpleNamespace(_proc_fetch_request=ask))
    pace_fetches(consumer, PACE_S)
    return consumer._fetcher._proc_fetch_request, asked


async def test_after_an_answer_that_brought_something_the_next_question_waits() -> None:
    ask, asked = asking(True, True)
    began = time.monotonic()
    assert await ask("assignment", 1, "request")
    assert await ask("assignment", 1, "request")
    assert asked[0] - began < PACE_S / 2
    assert asked[1] - asked[0] >= PACE_S


async def test_after_an_empty_answer_and_for_another_broker_it_does_not() -> None:
    ask, asked = asking(False, True, True)
    for broker in (1, 1, 2):
        await ask("assignment", broker, "request")
    assert asked[2] - asked[0] < PACE_S


async def test_a_question_that_nobody_asks_any_more_brings_nothing() -> None:
    ask, asked = asking(True)
    await ask("assignment", 1, "request")
    second = asyncio.create_task(ask("assignment", 1, "request"))
    await asyncio.sleep(0)
    second.cancel()
    assert await second is False
    assert len(asked) == 1
