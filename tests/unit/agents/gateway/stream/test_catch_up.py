"""How a client that reconnects gets the events that the hub keeps in memory."""

from __future__ import annotations

import asyncio

import pytest

from bordertally.agents.gateway.stream import catch_up as module
from bordertally.agents.gateway.stream.catch_up import CatchUp, TooSlowError
from bordertally.agents.gateway.stream.events import Filter
from bordertally.agents.gateway.stream.hub import Hub
from bordertally.streams.delivery.stream_position import PlaceText
from bordertally.streams.settings import load_settings
from unit.agents.gateway.stream.test_hub import totals


class Received:
    """What a client was written."""

    def __init__(self) -> None:
        self.body = b""

    async def __call__(self, body: bytes) -> None:
        self.body += body


def filled(*offsets: int) -> Hub:
    hub = Hub(load_settings())
    hub.add(totals(hub, *offsets))
    return hub


async def test_a_client_gets_every_event_from_its_position_on() -> None:
    hub, received = filled(0, 1, 2), Received()
    position = PlaceText([0] * len(hub.slots))
    position.reach(hub.events[0].slot, 1)  # it has had the first
    await CatchUp(hub).serve(position, Filter(), received)
    assert received.body.count(b"event: total") == 2
    assert list(position.offsets) == list(hub.place.offsets)


async def test_a_filter_holds_for_what_was_missed_too() -> None:
    hub, received = filled(0, 1), Received()
    await CatchUp(hub).serve(PlaceText([0] * len(hub.slots)), Filter(flow="UA"), received)
    assert received.body == b""


async def test_events_that_have_left_the_memory_are_not_written_from_it() -> None:
    hub, received = filled(0, 1), Received()
    hub.first = 1  # number 0 is gone
    position = PlaceText([0] * len(hub.slots))
    assert await CatchUp(hub).from_memory(0, position, Filter(), received) is False
    assert received.body == b""


async def test_a_client_ahead_of_its_gateway_waits_for_it_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    hub, received = filled(0), Received()
    ahead = PlaceText(hub.place.offsets)
    ahead.reach(hub.events[0].slot, 2)
    monkeypatch.setattr(module, "AHEAD_S", 0.0)
    with pytest.raises(TooSlowError):
        await CatchUp(hub).from_memory(hub.next_number, ahead, Filter(), received)

    async def came(_: float) -> None:
        hub.add(totals(hub, 1))

    monkeypatch.setattr(module, "AHEAD_S", 60.0)
    monkeypatch.setattr(asyncio, "sleep", came)
    assert await CatchUp(hub).from_memory(hub.next_number, ahead, Filter(), received) is True
