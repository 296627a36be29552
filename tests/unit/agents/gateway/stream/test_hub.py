"""The hub's memory of events, and which clients it reaches."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import TopicPartition

from bordertally.agents.gateway.stream import hub as module
from bordertally.agents.gateway.stream.events import Filter
from bordertally.agents.gateway.stream.hub import Hub
from bordertally.streams.settings import load_settings


class Reader:
    """A client that takes events until it is `slow`."""

    was_slow = True

    def __init__(self, wanted: Filter, *, slow: bool = False) -> None:
        self.filter, self.slow = wanted, slow
        self.received = b""

    def push(self, chunks: Any) -> bool:
        if not self.slow:
            self.received += bytes(chunks.head) if hasattr(chunks, "head") else b"".join(chunks)
        return not self.slow


def totals(hub: Hub, *offsets: int) -> list[tuple[TopicPartition, Any]]:
    """Records of the first partition of `totals`."""
    tp = next(tp for tp, (kind, _) in zip(hub.partitions, hub.slots, strict=True) if kind == "totals")
    return [(tp, SimpleNamespace(key=b"RU:KZ", value=b"{}", offset=offset)) for offset in offsets]


def test_events_that_leave_the_memory_keep_the_numbers_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Hub(load_settings())
    hub.add(totals(hub, 0, 1, 2, 3))
    size = sum(len(event.body) for event in hub.events)
    monkeypatch.setattr(module, "BUFFER_BYTES", size)
    hub.add(totals(hub, 4))
    assert [event.offset for event in hub.events] == [1, 2, 3, 4]  # a quarter of what was there, one at least
    assert (hub.first, hub.next_number) == (1, 5)
    assert hub.floor[hub.events[0].slot] == 1  # complete from there on


def test_a_client_that_cannot_keep_up_is_cut_off_and_counted() -> None:
    hub = Hub(load_settings())
    everything = Filter()
    quick, slow = Reader(everything), Reader(everything, slow=True)
    for client in (quick, slow):
        hub.join(cast("Any", client))
    assert hub.count() == 2
    assert hub.push(hub.clients[everything], cast("Any", [b"event"])) == 1
    assert (hub.count(), hub.cut, quick.received) == (1, 1, b"event")


def test_only_clients_that_want_an_event_receive_it() -> None:
    hub = Hub(load_settings())
    here, elsewhere = Reader(Filter(flow="RU")), Reader(Filter(flow="UA"))
    for client in (here, elsewhere):
        hub.join(cast("Any", client))
    reached: list[object] = []
    hub.push = lambda clients, _: reached.extend(clients) or len(clients)  # type: ignore[method-assign,func-returns-value,assignment]
    hub.add(totals(hub, 0))
    assert reached == [here]
    assert hub.sent == {"totals": 1}
