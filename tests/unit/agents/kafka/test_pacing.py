from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.client import ConnectionGroup

from bordertally.agents.kafka import pacing
from bordertally.agents.kafka.clients import FETCH_WAIT_MS
from bordertally.agents.kafka.pacing import (
    IDLE_S,
    IDLE_WAIT_MS,
    LONG_WAIT_MS,
    pace_fetches,
    wait_longer_when_idle,
)

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


MINE, ANOTHER = SimpleNamespace(active=True), SimpleNamespace(active=True)
"""Assignments of partitions."""


class Fetched:
    """A fetch by the clock of a test: how long it took, in seconds, whether it brought records, and of what."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        monkeypatch.setattr(pacing, "time", SimpleNamespace(monotonic=lambda: self.now))
        self.closed = list[str]()
        connection = SimpleNamespace(close=lambda: self.closed.append("closed"))
        client = SimpleNamespace(_conns={(1, ConnectionGroup.DEFAULT): connection})
        self.fetcher = SimpleNamespace(_proc_fetch_request=self.ask, _fetch_max_wait_ms=FETCH_WAIT_MS, _client=client)
        self.took, self.brings = 0.0, False
        wait_longer_when_idle(SimpleNamespace(_fetcher=self.fetcher))

    async def ask(self, *_: object) -> bool:
        self.now += self.took
        return self.brings

    async def waits(self, *fetches: tuple[float, bool], assignment: Any = MINE) -> list[int]:
        """The wait that each next fetch asks for, in milliseconds."""
        waits = []
        for self.took, self.brings in fetches:
            await self.fetcher._proc_fetch_request(assignment, 1, "request")
            waits.append(self.fetcher._fetch_max_wait_ms)
        return waits


NOTHING, AT_ONCE = (FETCH_WAIT_MS / 1000, False), (0.001, True)


async def test_a_broker_may_hold_a_fetch_for_longer_when_nothing_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    feed = Fetched(monkeypatch)
    assert await feed.waits(AT_ONCE, NOTHING) == [FETCH_WAIT_MS] * 2
    feed.now += IDLE_S
    assert await feed.waits(NOTHING, NOTHING) == [LONG_WAIT_MS] * 2
    assert await feed.waits(AT_ONCE, NOTHING) == [FETCH_WAIT_MS] * 2


async def test_a_broker_of_which_nothing_is_known_may_hold_a_fetch_for_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    feed = Fetched(monkeypatch)
    await feed.waits(NOTHING)
    feed.now += IDLE_S
    assert await feed.waits(NOTHING) == [IDLE_WAIT_MS]


async def test_a_new_assignment_begins_with_the_short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    feed = Fetched(monkeypatch)
    await feed.waits(AT_ONCE)
    feed.now += IDLE_S
    assert await feed.waits(NOTHING) == [LONG_WAIT_MS]
    assert await feed.waits(NOTHING, assignment=ANOTHER) == [FETCH_WAIT_MS]
    assert not feed.closed


async def test_partitions_that_are_given_away_end_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    feed, given_away = Fetched(monkeypatch), SimpleNamespace(active=False)
    await feed.waits(AT_ONCE, (0.05, False), assignment=given_away)
    assert not feed.closed  # the broker responds within a tenth of a second
    await feed.waits(NOTHING)
    feed.now += IDLE_S
    await feed.waits(NOTHING, (0.05, False))
    assert not feed.closed
    await feed.waits((0.05, False), assignment=given_away)
    assert feed.closed == ["closed"]


async def test_a_broker_that_waits_although_it_has_records_is_asked_often(monkeypatch: pytest.MonkeyPatch) -> None:
    feed = Fetched(monkeypatch)
    await feed.waits((FETCH_WAIT_MS / 1000, True))
    feed.now += IDLE_S
    assert await feed.waits(NOTHING) == [FETCH_WAIT_MS]


async def test_a_broker_that_ever_responded_at_once_does_not_wait_with_records(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that arrives late in the wait makes the response late, too."""
    feed = Fetched(monkeypatch)
    await feed.waits(AT_ONCE, (FETCH_WAIT_MS / 1000, True))
    feed.now += IDLE_S
    assert await feed.waits(NOTHING) == [LONG_WAIT_MS]
