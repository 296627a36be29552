from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from faust.types import TP

from agents.positions import from_the_start


class Consumer:
    """A consumer that has committed one partition, and remembers where it was told to go."""

    def __init__(self, committed: dict[TP, int | None]) -> None:
        self.committed, self.sought = committed, dict[TP, int]()

    async def seek_to_committed(self) -> dict[TP, int | None]:
        return self.committed

    async def earliest_offsets(self, *partitions: TP) -> dict[TP, int]:
        return dict.fromkeys(partitions, 17)

    async def seek(self, partition: TP, offset: int) -> None:
        self.sought[partition] = offset


async def test_a_partition_without_a_committed_offset_goes_back_to_its_beginning() -> None:
    inner = Consumer({TP("totals", 0): None, TP("totals", 1): 5, TP("totals", 2): 0, TP("ledger-changelog", 0): None})
    app: Any = SimpleNamespace(tables=SimpleNamespace(changelog_topics={"ledger-changelog"}))
    committed = await from_the_start(inner, app).seek_to_committed()
    assert inner.sought == {TP("totals", 0): 17, TP("totals", 2): 17}
    assert committed == inner.committed
