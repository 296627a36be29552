from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import ConsumerStoppedError, IllegalStateError
from faust.types import TP
from mode.utils.queues import FlowControlEvent

from bordertally.agents.kafka.clients import FETCH_WAIT_MS
from bordertally.agents.kafka.faust_consumer import BUNDLE_BYTES, LULL_S, Bundle, Gapless, NoThread, bundled
from bordertally.agents.worker.worker import create_app
from bordertally.streams.settings import load_settings
from live import until

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
    can_resume_flow = "the flow"

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
        self._buffered_partitions: set[TP] = set()
        self._committed_offset: dict[TP, int | None] = defaultdict(lambda: None, self.committed)
        self._acked: dict[TP, list[int]] = defaultdict(list)
        self._acked_index: dict[TP, set[int]] = defaultdict(set)

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

    def _get_active_partitions(self) -> set[TP]:
        return self.active

    async def sleep(self, seconds: float) -> None:
        self.done.append(("sleep", seconds))

    async def wait(self, event: str) -> None:
        self.done.append(("wait", event))

    async def _wait_next_records(self, _: float) -> tuple[Mapping[TP, list[Any]], set[TP]]:
        self.positions.update({tp: offsets[-1] + 1 for tp, offsets in self.fetched.items()})
        records = {tp: [record(tp, each) for each in offsets] for tp, offsets in self.fetched.items()}
        return records, self.active

    def iterate(self, records: Mapping[TP, list[Any]]) -> Iterator[tuple[TP, Any]]:
        for tp, partition_records in records.items():
            yield from ((tp, record) for record in partition_records)

    def ack(self, message: Bundle) -> bool:
        self._acked[message.tp].append(message.offset)
        return True


def record(tp: TP, offset: int, size: int = 10) -> Any:
    """A record as aiokafka has it."""
    return SimpleNamespace(
        topic=tp.topic,
        partition=tp.partition,
        offset=offset,
        timestamp=0,
        timestamp_type=0,
        key=b"RU",
        value=b"x" * size,
    )


async def got(consumer: Any) -> list[tuple[TP, list[int]]]:
    """What comes of one fetch: the offsets of each bundle."""
    return [(tp, [each.offset for each in bundle.records]) async for tp, bundle in consumer.getmany(timeout=1.0)]


def make(committed: Mapping[TP, int | None] | None = None) -> Any:
    """Ours over the Faust of this test."""
    return type("Consumer", (Gapless, FaustConsumer), {})(committed)


async def test_a_partition_without_a_committed_offset_goes_back_to_its_beginning() -> None:
    consumer = make({TOTALS[0]: None, TOTALS[1]: 5, TOTALS[2]: 0, CHANGELOG: None})
    assert await consumer.seek_to_committed() == consumer.committed
    assert consumer.done == [("seek", TOTALS[0], 17), ("seek", TOTALS[2], 17)]


async def test_stream_partitions_are_resumed_only_when_the_flow_goes_on() -> None:
    consumer = make({TOTALS[0]: 3})
    consumer.resume_flow()  # for the changelogs
    consumer.resume_partitions({TOTALS[0], CHANGELOG})
    await consumer.perform_seek()
    consumer.resume_flow()
    consumer.resume_flow()
    assert consumer.done == [
        ("flow",),
        ("resume", CHANGELOG),
        ("sought",),
        ("flow",),
        ("resume", TOTALS[0]),
        ("flow",),
    ]


async def test_a_partition_paused_meanwhile_stays_paused() -> None:
    consumer = make({TOTALS[0]: 3})
    consumer.resume_partitions({TOTALS[0]})
    consumer._buffered_partitions.add(TOTALS[0])
    consumer.pause_partitions({TOTALS[0]})
    consumer.resume_flow()
    assert ("resume", TOTALS[0]) not in consumer.done
    assert ("pause", TOTALS[0]) in consumer.done
    assert consumer._buffered_partitions == set()


async def test_records_of_a_fetch_come_in_one_bundle() -> None:
    consumer = make()
    consumer.fetched = {TOTALS[0]: [4, 5], TOTALS[1]: [1]}
    assert await got(consumer) == [(TOTALS[0], [4, 5]), (TOTALS[1], [1])]
    assert consumer.positions == {TOTALS[0]: 6, TOTALS[1]: 2}


def test_a_bundle_is_cut_where_it_gets_too_large() -> None:
    sizes = [BUNDLE_BYTES // 2, BUNDLE_BYTES // 2, 1, BUNDLE_BYTES * 3, 1]
    cut = list(bundled(record(TOTALS[0], at, size) for at, size in enumerate(sizes)))
    assert [[each.offset for each in records] for records in cut] == [[0, 1], [2], [3], [4]]
    assert list(bundled([])) == []


async def test_a_bundle_is_acknowledged_whole_with_the_hole_before_it_and_not_before() -> None:
    consumer = make({TOTALS[0]: 3})
    consumer.fetched = {TOTALS[0]: [5, 6, 9]}  # 3, 4, 7 and 8 were compacted away
    (first,) = [bundle async for _, bundle in consumer.getmany(timeout=1.0)]
    consumer.fetched = {TOTALS[0]: [12, 13]}
    (second,) = [bundle async for _, bundle in consumer.getmany(timeout=1.0)]
    assert consumer._acked[TOTALS[0]] == []
    first.incref()
    assert first.ack(consumer)
    assert consumer._acked[TOTALS[0]] == [3, 4, 5, 6, 7, 8, 9]
    second.incref()
    assert second.ack(consumer)
    assert consumer._acked[TOTALS[0]] == list(range(3, 14))


async def test_after_a_seek_holes_begin_at_the_committed_offset() -> None:
    consumer = make({TOTALS[0]: 8})
    consumer._passed[TOTALS[0]] = 2  # before a rebalance
    await consumer.seek_to_committed()
    consumer.fetched = {TOTALS[0]: [10]}
    (bundle,) = [bundle async for _, bundle in consumer.getmany(timeout=1.0)]
    assert bundle.begin == 8


async def test_what_comes_again_is_acknowledged_from_its_own_beginning() -> None:
    consumer = make({TOTALS[0]: 1})
    for offsets in ([1, 2, 3], [2, 3]):
        consumer.fetched = {TOTALS[0]: offsets}
        bundles = [bundle async for _, bundle in consumer.getmany(timeout=1.0)]
    assert bundles[0].begin == 2


@pytest.mark.parametrize("reason", ["paused", "flow stopped", "another generation"])
async def test_a_bundle_nobody_may_have_now_is_fetched_again(reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bordertally.agents.kafka.faust_consumer.BUNDLE_BYTES", 10)
    consumer = make()
    consumer.fetched = {TOTALS[0]: [4, 5, 6]}
    seen = []
    async for _, bundle in consumer.getmany(timeout=1.0):
        seen.append(bundle.offset)
        if reason == "paused":
            consumer.active.discard(TOTALS[0])
        elif reason == "flow stopped":
            consumer.flow_active = False
        else:
            consumer.app.consumer_generation_id += 1
    assert seen == [4]
    assert consumer.positions == {TOTALS[0]: 5}


async def test_with_nothing_to_fetch_from_it_is_looked_again_soon() -> None:
    consumer = make()
    consumer.fetched = {TOTALS[0]: [4]}
    consumer.active.clear()
    assert [bundle async for _, bundle in consumer.getmany(timeout=1.0)] == []
    assert consumer.done == [("sleep", LULL_S)]
    consumer.active.add(TOTALS[0])
    assert [bundle.offset async for _, bundle in consumer.getmany(timeout=1.0)] == [4]


class Resting:
    """An aiokafka consumer of which partitions are paused and resumed; one of them has been revoked."""

    def __init__(self, *waiting: TP) -> None:
        self._fetcher = SimpleNamespace(_records=dict.fromkeys(waiting))
        self.paused: set[Any] = set()

    def pause(self, tp: Any) -> None:
        if tp == TOTALS[1]:
            raise IllegalStateError(tp)
        self.paused.add(tp)

    def resume(self, tp: Any) -> None:
        if tp == TOTALS[1]:
            raise IllegalStateError(tp)
        self.paused.remove(tp)


@pytest.mark.parametrize("waiting", [(), (TOTALS[2],)], ids=["all is fetched", "more waits"])
async def test_a_topic_that_rests_is_not_fetched_for_a_while_after_records_of_it(waiting: tuple[TP, ...]) -> None:
    consumer: Any = make()
    resting = Resting(*waiting)
    consumer._thread, consumer.loop = SimpleNamespace(_consumer=resting), asyncio.get_running_loop()
    consumer.assignment = lambda: {*TOTALS, CHANGELOG}
    consumer.rests = {"totals": 0.02, "others": 0.02}
    consumer.fetched = {TOTALS[0]: [4]}
    assert [bundle.offset async for _, bundle in consumer.getmany(timeout=1.0)] == [4]
    assert resting.paused == (set() if waiting else {TOTALS[0], TOTALS[2]})

    async def resumed() -> bool:
        return not resting.paused

    await until(resumed, "the rest is over")


async def test_a_broker_keeps_a_fetch_no_longer_than_a_moment() -> None:
    app = create_app(load_settings())
    consumer: Any = app.consumer
    made = consumer._new_consumer_thread()._create_worker_consumer(app.transport)
    try:
        assert made._fetch_max_wait_ms == FETCH_WAIT_MS < 1_500
    finally:
        await made.stop()


class Client:
    """What Faust starts in a thread."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self._fetcher = self
        self._proc_fetch_request = self._update_fetch_positions = self.request_offset_reset = None

    async def start(self) -> None:
        self.done.append(f"started in {threading.current_thread().name}")

    async def stop(self) -> None:
        self.done.append("stopped")

    async def position(self, tp: TP) -> int:
        self.done.append(f"asked in {threading.current_thread().name}")
        return tp.partition

    def subscribe(self, topics: set[str], listener: object) -> None:
        self.done.append(f"subscribed to {topics} for {type(listener).__name__}")


async def test_the_client_runs_in_the_loop_of_all_else(monkeypatch: pytest.MonkeyPatch) -> None:
    here, client = threading.current_thread().name, Client()
    monkeypatch.setattr(NoThread, "_create_consumer", lambda *_, **__: client)
    threads = threading.active_count()
    consumer: Any = create_app(load_settings()).consumer
    place = consumer._thread
    await place.start()
    assert await place.position(TOTALS[2]) == 2
    await place.subscribe(["totals"])
    assert threading.active_count() == threads
    await place.stop()
    assert client.done == [
        f"started in {here}",
        f"asked in {here}",
        "subscribed to {'totals'} for ConsumerRebalanceListener",
        "stopped",
    ]


async def test_an_agents_queue_takes_all_and_says_when_much_waits() -> None:
    app = create_app(load_settings())
    queue, warnings = app.FlowControlQueue(maxsize=4), list[str]()
    for number in range(10):
        queue.put_nowait_enhanced(
            number, on_pressure_high=lambda: warnings.append("much"), on_pressure_drop=lambda: warnings.append("little")
        )
    assert "much" in warnings
    assert queue.qsize() == 10
    assert [queue.get_nowait() for _ in range(10)] == list(range(10))


async def drained(consumer: Any, flow: FlowControlEvent, handler: Callable[[Bundle], Awaitable[None]]) -> None:
    """Let it hand over what was fetched, until nothing is left."""
    fetches = iter([{TOTALS[0]: [4, 5], TOTALS[1]: [1]}, {TOTALS[0]: [6]}])
    consumer.app.flow_control, consumer.callback, consumer.suspend_flow = flow, handler, asyncio.Event()
    consumer.app.should_stop = True
    ask = consumer._wait_next_records

    async def next_records(timeout: float) -> Any:  # noqa: ASYNC109 - Faust's signature
        consumer.fetched = next(fetches, None)
        if consumer.fetched is None:
            raise ConsumerStoppedError
        return await ask(timeout)

    consumer._wait_next_records = next_records
    await consumer._drain_messages(SimpleNamespace(should_stop=False))


async def test_what_a_fetch_brings_is_handed_over_before_anybody_else_goes_on() -> None:
    consumer, flow, seen = make(), FlowControlEvent(initially_suspended=False), list[object]()

    async def take(bundle: Bundle) -> None:
        asyncio.get_running_loop().call_soon(seen.append, "others")
        seen.append((bundle.partition, bundle.offset))

    await drained(consumer, flow, take)
    assert seen[:3] == [(0, 5), (1, 1), "others"]
    assert (0, 6) in seen


async def test_a_rebalance_ends_the_wait_of_what_cannot_be_handed_over() -> None:
    consumer, flow, waited = make(), FlowControlEvent(), list[int]()

    async def wait_first(*coroutines: Coroutine[Any, Any, Any]) -> None:
        waited.append(len(coroutines))
        for each in coroutines:
            each.close()

    async def take(_: Bundle) -> None:
        raise AssertionError

    consumer.wait_first = wait_first
    await drained(consumer, flow, take)
    assert waited == [2, 2, 2]


async def test_a_position_never_moves_forward(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bordertally.agents.kafka.faust_consumer.BUNDLE_BYTES", 10)
    consumer = make()
    consumer.fetched = {TOTALS[0]: [4, 5, 6]}
    async for _ in consumer.getmany(timeout=1.0):
        consumer.flow_active = False
        consumer.positions[TOTALS[0]] = 2  # the rebalance went back further
    assert consumer.positions == {TOTALS[0]: 2}


async def test_records_of_a_partition_that_went_to_another_worker_are_let_go() -> None:
    consumer = make()
    consumer.fetched = {TOTALS[0]: [4, 5]}
    async for _ in consumer.getmany(timeout=1.0):
        consumer.active.discard(TOTALS[0])
        consumer.positions.clear()
    assert consumer.positions == {}


async def test_a_changelog_goes_straight_to_its_table_and_faust_sees_how_far() -> None:
    consumer = make()
    consumer.active = {CHANGELOG, TOTALS[0]}
    consumer.fetched = {CHANGELOG: [3, 4, 6], TOTALS[0]: [1, 2]}
    assert await got(consumer) == [(CHANGELOG, [6]), (TOTALS[0], [1, 2])]
    assert consumer.app.tables.read == [3, 4, 6]


async def test_a_changelog_that_is_not_wanted_any_more_stays_out_of_its_table() -> None:
    consumer = make()
    consumer.fetched = {CHANGELOG: [3, 4]}
    assert await got(consumer) == []
    assert consumer.app.tables.read == []
    assert consumer.positions[CHANGELOG] == 3
