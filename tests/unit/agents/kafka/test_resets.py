"""What is told when the broker no longer has a position."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from bordertally.agents.kafka.resets import Reset, watch_resets

AT = TopicPartition("claims", 2)
BEYOND = (
    "claims/2: the position 48 is beyond the end, so the topic was made anew or lost records; reading it from offset 0"
)


@pytest.mark.parametrize(
    ("position", "onward", "skipped", "words"),
    [
        (12, 15, 3, "claims/2: 3 records were removed before they were read (offsets 12 to 14); they are not counted"),
        (12, 13, 1, "claims/2: 1 record was removed before it was read (offset 12); it is not counted"),
        (
            48,
            0,
            0,
            BEYOND,
        ),
    ],
)
def test_it_names_what_was_skipped(position: int, onward: int, skipped: int, words: str) -> None:
    reset = Reset(AT, position, onward)
    assert reset.skipped == skipped
    assert str(reset) == words


class State:
    """aiokafka's state of a partition."""

    def __init__(self, position: int | None) -> None:
        self.position = position

    @property
    def has_valid_position(self) -> bool:
        return self.position is not None

    @property
    def awaiting_reset(self) -> bool:
        return self.position is None


class Fetcher:
    """aiokafka's fetcher of one partition, whose broker answers when it is told to."""

    def __init__(self) -> None:
        self.state, self.beginning = State(48), 0
        self.during: Callable[[], None] = lambda: None  # what happens while a fetch is under way

    def state_value(self, tp: TopicPartition) -> State | None:
        return self.state if tp == AT else None

    def request_offset_reset(self, tps: list[TopicPartition], _: int) -> None:
        assert tps == [AT]
        self.state.position = None

    def out_of_range(self) -> None:
        self.state.position = None

    async def _proc_fetch_request(self, *_: object) -> bool:
        self.during()
        return False

    async def _update_fetch_positions(self, *_: object) -> bool:
        if self.state.position is None:
            self.state.position = self.beginning
        return False


class Consumer:
    """A started consumer; `told` is what it tells of resets."""

    def __init__(self) -> None:
        self._fetcher: Any = Fetcher()
        self.told: list[Reset] = []
        watch_resets(cast("AIOKafkaConsumer", self), self.told.append)

    async def fetch(self, during: Callable[[], None]) -> None:
        """Fetch from the position, and find another position if there is none afterwards."""
        fetcher, topics = self._fetcher, [("claims", [(2, self._fetcher.state.position, 0)])]
        fetcher.during = during
        await fetcher._proc_fetch_request(fetcher, 0, SimpleNamespace(topics=topics))
        await fetcher._update_fetch_positions(fetcher, 0, [AT])


async def test_a_position_that_is_out_of_range_is_told() -> None:
    consumer = Consumer()
    await consumer.fetch(lambda: None)
    assert consumer.told == []
    await consumer.fetch(consumer._fetcher.out_of_range)
    assert consumer.told == [Reset(AT, 48, 0)]


async def test_a_consumer_that_goes_to_the_beginning_by_itself_has_lost_nothing() -> None:
    consumer = Consumer()
    fetcher = consumer._fetcher
    await consumer.fetch(lambda: fetcher.request_offset_reset([AT], 1))  # as when Redis was emptied
    assert (consumer.told, fetcher.state.position) == ([], 0)
    fetcher.request_offset_reset([AT], 1)
    fetcher.state.position = 7  # sought to another position at once
    await consumer.fetch(lambda: None)
    await consumer.fetch(fetcher.out_of_range)
    assert consumer.told == [Reset(AT, 7, 0)]
