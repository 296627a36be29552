"""The lanes and disabled subscriptions as the topic `webhooks` stores them."""

from __future__ import annotations

from types import SimpleNamespace

import msgspec
import pytest

from bordertally.agents.delivery.webhooks.states import States
from bordertally.agents.runtime.context import Context
from bordertally.streams.delivery.webhook_lane import Lane
from bordertally.streams.settings import load_settings


@pytest.fixture
def states() -> States:
    return States(Context.load(load_settings()))


def stored(key: bytes, lane: Lane | None, partition: int = 3) -> SimpleNamespace:
    return SimpleNamespace(key=key, partition=partition, value=None if lane is None else msgspec.json.encode(lane))


def test_a_lane_is_kept_by_its_subscription_and_partition_until_it_is_deleted(states: States) -> None:
    states._take(stored(b"duty", Lane(next=5, joined=0.0, fails=2)))
    states._take(stored(b"press", Lane(next=5, joined=0.0, fails=1)))
    assert {place: lane.fails for place, lane in states.lanes.items()} == {("duty", 3): 2, ("press", 3): 1}
    states._take(stored(b"duty", None))
    assert set(states.lanes) == {("press", 3)}


def test_a_record_that_cannot_be_read_is_skipped(states: States) -> None:
    states._take(SimpleNamespace(key=b"duty", partition=3, value=b"[]"))
    states._take(SimpleNamespace(key=None, partition=3, value=msgspec.json.encode(Lane(next=5, joined=0.0))))
    assert set(states.lanes) == {("", 3)}
