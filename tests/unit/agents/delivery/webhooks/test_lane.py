"""When a lane reads further events while deliveries run."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from bordertally.agents.delivery.webhooks.lane import HANDFUL, LaneRunner
from bordertally.streams.delivery.webhook_lane import MOST_WAITING, EventPosition, Lane, Waiting


class Tail:
    """The records of a partition from an offset on are in memory; older ones must be read back from Kafka."""

    def __init__(self, kept_from: int) -> None:
        self.kept_from = kept_from
        self.read_from: list[tuple[int, int, int]] = []

    def at_hand(self, partition: int, offset: int) -> bool:
        return partition == 3 and offset >= self.kept_from

    async def read(self, partition: int, offset: int, most: int) -> list[Any]:
        self.read_from.append((partition, offset, most))
        return []


@pytest.mark.parametrize(
    ("room", "busy", "kept_from", "reads"),
    [
        (HANDFUL - 1, True, 0, True),
        (HANDFUL - 1, True, 8, False),  # few records, and they are not in memory: the deliveries go first
        (HANDFUL, True, 8, True),
        (HANDFUL - 1, False, 8, True),
        (0, False, 0, False),
    ],
)
async def test_few_records_are_not_read_back_while_deliveries_run(
    room: int, kept_from: int, *, busy: bool, reads: bool
) -> None:
    events = tuple(EventPosition(offset, 0.0) for offset in range(MOST_WAITING - room))
    tail = Tail(kept_from)
    sender = SimpleNamespace(endpoint=SimpleNamespace(subscription=None))
    lane = Lane(next=7, joined=0.0, waiting=(Waiting(alert="a", events=events),))
    runner = LaneRunner(cast("Any", SimpleNamespace(tail=tail)), cast("Any", sender), 3, lane)
    runner._busy = cast("Any", {"a": None} if busy else {})
    await runner._read()
    assert tail.read_from == ([(3, 7, room)] if reads else [])
