"""When a worker says that its writes are acknowledged: by them, by their waiting, and by asking."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, cast

import pytest

from bordertally.agents.runtime import acknowledgements
from bordertally.agents.runtime.acknowledgements import PATIENCE_S, Producing
from bordertally.agents.runtime.context import Context
from bordertally.streams.settings import load_settings


class Broker:
    """What a Writer would say of a broker."""

    def __init__(self) -> None:
        self.written, self.waited, self.answers, self.asked = 0, 0.0, True, 0

    def waited_s(self, _: float) -> float:
        return self.waited

    async def reaches(self, topics: Iterable[str], timeout_s: float) -> bool:
        assert list(topics)
        assert timeout_s > 0
        self.asked += 1
        return self.answers


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def service(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> Producing:
    context = Context.load(load_settings())
    context.writer = cast("Any", broker)
    monkeypatch.setattr(acknowledgements, "IDLE_S", 1000.0)
    return Producing(context)


async def test_it_is_asked_at_first_and_after_a_silence_only(service: Producing, broker: Broker) -> None:
    service.context.producing = await service.look()
    assert service.context.producing
    assert broker.asked == 1
    assert await service.look()
    broker.answers = False
    broker.written += 1
    assert await service.look()  # it wrote meanwhile
    assert broker.asked == 1
    service._known_at -= 1001
    assert not await service.look()
    assert broker.asked == 2


async def test_what_waits_too_long_counts_whoever_answers(service: Producing, broker: Broker) -> None:
    service.context.producing = await service.look()
    broker.waited = PATIENCE_S / 2
    assert await service.look()
    broker.waited = PATIENCE_S + 0.1
    assert not await service.look()
    assert broker.asked == 1
    service.context.producing, broker.waited = False, 0.0
    assert await service.look()  # it is asked at once, to be ready soon again
    assert broker.asked == 2


async def test_hops_that_write_nothing_to_kafka_are_well(broker: Broker) -> None:
    context = Context.load(load_settings(hops="delivery,alertmanager"))
    context.writer = cast("Any", broker)
    broker.answers, broker.waited = False, time.monotonic()
    assert await Producing(context).look()
    assert broker.asked == 0
