from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import IllegalStateError
from faust.types import TP

from agents.consuming import Gapless

TOTALS = [TP("totals", partition) for partition in range(3)]
CHANGELOG = TP("ledger-changelog", 0)


class Tables(dict[str, Any]):
    """One table, which notes what it is given."""

    changelog_topics = frozenset({CHANGELOG.topic})

    def __init__(self) -> None:
        self.read: list[int] = []
        table = SimpleNamespace(changelog_topic_name=CHANGELOG.topic, read_back=self.read_back)
        super().__init__({"ledger": table, "alerts": SimpleNamespace(changelog_topic_name="alerts-changelog")})

    def read_back(self, records: Iterable[Any]) -> None:
        self.read += [record.offset for record in records]


class FaustConsumer:
    """What `Gapless` needs of Faust's consumer, and a log of what was done to it."""

    should_stop = False
    flow_active = True

    def __init__(self, committed: Mapping[TP, int | None] | None = None) -> None:
        self.committed = dict(committed or {})
        self.done: list[tuple[Any, ...]] = []
        self.app = SimpleNamespace(
            tables=Tables(),
            consumer_generation_id=1,
        )
        self.scheduler = SimpleNamespace(iterate=self.iterate)
        self.active: set[TP] = set(TOTALS)
        self.fetched: dict[TP, list[int]] = {}
        self.positions: dict[TP, int] = {}
        self._read_offset: dict[TP, int | None] = dict.fromkeys([*TOTALS, CHANGELOG])
        self._buffered_partitions: set[TP] = set()

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        self.done.append(("resume", *sorted(tps)))

    def pause_partitions(self, tps: Iterable[TP]) -> None:
        self.done.append(("pause", *sorted(tps)))

    def resume_flow(self) -> None:
        self.done.append(("flow",))

    async def perform_seek(self) -> None:
        await self.seek_to_committed()
        self.done.append(("sought",))

    async def seek_to_committed(self) -> Mapping[TP, int | None]:
        return self.committed

    async def earliest_offsets(self, *partitions: TP) -> Mapping[TP, int]:
        return dict.fromkeys(partitions, 17)

    async def seek(self, partition: TP, offset: int) -> None:
        self.done.append(("seek", partition, offset))

    async def _seek(self, partition: TP, offset: int) -> None:
        self.positions[partition] = offset

    async def position(self, tp: TP) -> int:
        if tp not in self.positions:
            raise IllegalStateError(tp)
        return self.positions[tp]

    async def _add_gap(self, tp: TP, first: int, last: int) -> None:
        self.done.append(("gap", tp, first, last))

    async def _wait_next_records(self, _: float) -> tuple[Mapping[TP, list[SimpleNamespace]], set[TP]]:
        self.positions.update({tp: offsets[-1] + 1 for tp, offsets in self.fetched.items()})
        records = {tp: [SimpleNamespace(offset=each) for each in offsets] for tp, offsets in self.fetched.items()}
        return records, self.active

    def iterate(self, records: Mapping[TP, list[SimpleNamespace]]) -> Iterator[tuple[TP, SimpleNamespace]]:
        for tp, held in records.items():
            yield from ((tp, record) for record in held)

    def _to_message(self, _: TP, record: SimpleNamespace) -> int:
        return int(record.offset)


def make(committed: Mapping[TP, int | None] | None = None) -> Any:
    """Ours over the Faust of this test."""
    return type("Consumer", (Gapless, FaustConsumer), {})(committed)


async def test_a_partition_without_a_committed_offset_goes_back_to_its_beginning() -> None:
    one = make({TOTALS[0]: None, TOTALS[1]: 5, TOTALS[2]: 0, CHANGELOG: None})
    assert await one.seek_to_committed() == one.committed
    assert one.done == [("seek", TOTALS[0], 17), ("seek", TOTALS[2], 17)]


async def test_stream_partitions_are_resumed_only_when_the_flow_goes_on() -> None:
    one = make({TOTALS[0]: 3})
    one.resume_flow()  # for the changelogs
    one.resume_partitions({TOTALS[0], CHANGELOG})
    await one.perform_seek()
    one.resume_flow()
    one.resume_flow()
    assert one.done == [
        ("flow",),
        ("resume", CHANGELOG),
        ("sought",),
        ("flow",),
        ("resume", TOTALS[0]),
        ("flow",),
    ]


async def test_a_partition_paused_meanwhile_stays_paused() -> None:
    one = make({TOTALS[0]: 3})
    one.resume_partitions({TOTALS[0]})
    one._buffered_partitions.add(TOTALS[0])
    one.pause_partitions({TOTALS[0]})
    one.resume_flow()
    assert ("resume", TOTALS[0]) not in one.done
    assert one._buffered_partitions == set()


async def test_the_record_after_a_hole_is_not_acknowledged_with_it() -> None:
    one = make()
    await one._add_gap(TOTALS[0], 6, 9)
    assert one.done == [("gap", TOTALS[0], 6, 8)]


async def test_records_come_in_order() -> None:
    one = make()
    one.fetched = {TOTALS[0]: [4, 5], TOTALS[1]: [1]}
    assert [item async for item in one.getmany(timeout=1.0)] == [(TOTALS[0], 4), (TOTALS[0], 5), (TOTALS[1], 1)]
    assert one.positions == {TOTALS[0]: 6, TOTALS[1]: 2}


@pytest.mark.parametrize("reason", ["paused", "flow stopped", "another generation"])
async def test_a_record_nobody_may_have_now_is_fetched_again(reason: str) -> None:
    one = make()
    one.fetched = {TOTALS[0]: [4, 5, 6]}
    got = []
    async for _, offset in one.getmany(timeout=1.0):
        got.append(offset)
        if reason == "paused":
            one.active.discard(TOTALS[0])
        elif reason == "flow stopped":
            one.flow_active = False
        else:
            one.app.consumer_generation_id += 1
    assert got == [4]
    assert one.positions == {TOTALS[0]: 5}


async def test_a_position_never_moves_forward() -> None:
    one = make()
    one.fetched = {TOTALS[0]: [4, 5, 6]}
    async for _ in one.getmany(timeout=1.0):
        one.flow_active = False
        one.positions[TOTALS[0]] = 2  # the rebalance went back further
    assert one.positions == {TOTALS[0]: 2}


async def test_records_of_a_partition_that_went_to_another_worker_are_let_go() -> None:
    one = make()
    one.fetched = {TOTALS[0]: [4, 5]}
    async for _ in one.getmany(timeout=1.0):
        one.active.discard(TOTALS[0])
        one.positions.clear()
    assert one.positions == {}


async def test_earlier_records_do_not_count_as_read_already() -> None:
    one = make()
    one._read_offset[TOTALS[0]] = 9
    one.fetched = {TOTALS[0]: [4, 5]}
    seen = [(one._read_offset[TOTALS[0]], offset) async for _, offset in one.getmany(timeout=1.0)]
    assert seen == [(4, 4), (4, 5)]


async def test_a_changelog_goes_straight_to_its_table_and_faust_sees_how_far() -> None:
    one = make()
    one.active = {CHANGELOG, TOTALS[0]}
    one.fetched = {CHANGELOG: [3, 4, 6], TOTALS[0]: [1, 2]}
    assert [held async for held in one.getmany(1.0)] == [(CHANGELOG, 6), (TOTALS[0], 1), (TOTALS[0], 2)]
    assert one.app.tables.read == [3, 4, 6]


async def test_a_changelog_that_is_not_wanted_any_more_stays_out_of_its_table() -> None:
    one = make()
    one.fetched = {CHANGELOG: [3, 4]}
    assert [held async for held in one.getmany(1.0)] == []
    assert one.app.tables.read == []
    assert one.positions[CHANGELOG] == 3
