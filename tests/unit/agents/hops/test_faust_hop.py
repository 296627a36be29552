"""A hop flushes at once, or waits for more records for as long as it is patient; nothing is left over."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any

import faust
import pytest
from aiokafka import TopicPartition
from faust.types import TP

from bordertally.agents.hops import faust_hop as module
from bordertally.agents.hops.faust_hop import FlushingHop
from bordertally.agents.hops.ledger import FEWEST_WAITING, PATIENCE_S, LedgerHop
from bordertally.agents.kafka import turns
from bordertally.agents.kafka.fencing import Epoch, Fenced, LateWriteError
from bordertally.agents.worker.worker import create_app
from bordertally.streams.errors import ConfigError
from bordertally.streams.settings import load_settings
from live import until
from unit.agents.hops.kit import Broker, Deaths, DiedError

LONG_S = 3_600.0


class Hop(FlushingHop):
    """Adds numbers and notes which of them it flushed together; `hold` makes it wait during a flush."""

    name = "numbers"

    def __init__(self, patience_s: float = 0.0, most: int = 100) -> None:
        app = create_app(load_settings(hops="ledger"))
        super().__init__(app, app.context, "numbers")
        self.patience, self.most = patience_s, most
        self.steps = 1  # of adding one message
        self.added: list[int] = []
        self.batches: list[list[int]] = []
        self.holds_back: float | None = None  # seconds, of the next flushes
        self.due: float | None = None
        self.hold = asyncio.Event()
        self.hold.set()
        self.error: Exception | None = None
        self.source = Source()
        self.task = asyncio.create_task(self.run(self.source))  # type: ignore[arg-type] # what is used of a stream

    def adding(self, bundle: Any) -> Iterator[None]:
        yield from [None] * self.steps
        self.added.append(bundle.offset)

    @property
    def full(self) -> bool:
        return len(self.added) >= self.most

    def patience_s(self) -> float:
        return self.patience

    async def flush(self) -> None:
        batch, self.added = self.added, []
        await self.hold.wait()
        if self.error is not None:
            raise self.error
        self.batches.append(batch)
        is_due = self.due is None or self.due <= time.monotonic()
        if is_due:
            self.due = None
        if self.holds_back is not None:
            self.due, self.holds_back = time.monotonic() + self.holds_back, None

    def held_s(self) -> float | None:
        return None if self.due is None else self.due - time.monotonic()

    def hasten(self) -> None:
        if self.due is not None:
            self.due = 0.0

    def forget(self) -> None:
        self.added = []

    async def comes_to(self, *batches: list[int]) -> None:
        """Wait until exactly these batches are flushed."""

        async def reached() -> bool:
            return len(self.batches) >= len(batches)

        await until(reached, f"{batches} are flushed")
        assert self.batches == list(batches)


class Source:
    """A stream as far as the hop uses one."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Any] = asyncio.Queue()
        self.channel = self
        self.enable_acks = True
        self.acknowledged: list[int] = []

    def bring(self, *numbers: int, partition: int = 0) -> None:
        """Have so many messages there at once."""
        for number in numbers:
            message = SimpleNamespace(topic="numbers", partition=partition, offset=number)
            self.queue.put_nowait(SimpleNamespace(message=message))

    async def events(self) -> AsyncIterator[Any]:
        while True:
            yield await self.queue.get()

    async def ack(self, event: Any) -> None:
        self.acknowledged.append(event.message.offset)


async def given_away(hop: Hop) -> None:
    await hop.revoked(None, set())


async def told_of_it(hop: Hop) -> None:
    async def dead() -> bool:
        return hop.revocations > 0

    await until(dead, "the hop knows that its partition is given away")


async def all_got(hop: Hop) -> None:
    async def empty() -> bool:
        return hop.source.queue.empty()

    await until(empty, "all is added")


async def all_acknowledged(hop: Hop, last: int) -> None:
    async def done() -> bool:
        return hop.source.acknowledged[-1:] == [last]

    await until(done, f"{last} is acknowledged")


async def waiting() -> Hop:
    """A patient hop that has flushed 1 and lets 2 wait."""
    hop = Hop(patience_s=LONG_S)
    hop.source.bring(1)
    await hop.comes_to([1])
    hop.source.bring(2)
    await all_got(hop)
    assert hop.batches == [[1]]
    return hop


async def test_all_that_is_here_is_flushed_at_once() -> None:
    hop = Hop()
    hop.source.bring(1, 2)
    await hop.comes_to([1, 2])
    hop.source.bring(3)
    await hop.comes_to([1, 2], [3])
    assert hop.source.acknowledged == [1, 2, 3]


async def test_other_tasks_have_turns_while_a_large_bundle_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "TURN_S", 0.0)
    hop, turns_had = Hop(), 0
    hop.steps = 100
    hop.source.bring(1)
    while not hop.batches:
        await asyncio.sleep(0)
        turns_had += 1
    assert turns_had > 100
    assert hop.batches == [[1]]


async def test_the_first_is_flushed_at_once_and_what_follows_waits_for_company() -> None:
    hop = Hop(patience_s=LONG_S, most=3)
    hop.source.bring(1)
    await hop.comes_to([1])
    hop.source.bring(2)
    await all_got(hop)
    assert hop.batches == [[1]]
    hop.source.bring(3, 4)  # now it is full
    await hop.comes_to([1], [2, 3, 4])
    assert hop.source.acknowledged == [1, 2, 3, 4]


async def test_a_waiting_bundle_is_flushed_in_time_though_no_other_follows() -> None:
    hop = Hop(patience_s=0.5)
    hop.source.bring(1)
    await hop.comes_to([1])
    hop.source.bring(2, 3)
    await hop.comes_to([1], [2, 3])
    assert hop.source.acknowledged == [1, 2, 3]


async def test_of_more_messages_than_a_full_hop_takes_the_rest_waits() -> None:
    hop = Hop(patience_s=LONG_S, most=2)
    hop.source.bring(1, 2, 3)
    await hop.comes_to([1, 2])
    await all_got(hop)
    assert hop.added == [3]


async def test_a_waiting_bundle_is_flushed_when_the_worker_stops() -> None:
    hop = await waiting()
    await hop.finish()
    await hop.comes_to([1], [2])
    hop.task.cancel()
    await asyncio.gather(hop.task, return_exceptions=True)
    await asyncio.sleep(0)
    assert hop._timer is None


async def test_records_whose_results_are_held_back_are_acknowledged_when_these_are_flushed() -> None:
    hop = Hop()
    hop.holds_back = 0.3
    hop.source.bring(1)
    await hop.comes_to([1])
    hop.source.bring(2)
    await hop.comes_to([1], [2])
    assert hop.source.acknowledged == []
    await hop.comes_to([1], [2], [])  # by the timer
    await all_acknowledged(hop, 2)
    assert hop.source.acknowledged == [1, 2]


async def test_what_is_held_back_is_flushed_when_the_worker_stops() -> None:
    hop = Hop()
    hop.holds_back = LONG_S
    hop.source.bring(1)
    await hop.comes_to([1])
    await hop.finish()
    assert (hop.batches, hop.source.acknowledged) == ([[1], []], [1])


async def test_records_whose_results_are_held_back_are_not_acknowledged_once_their_partition_is_given_away() -> None:
    hop = Hop()
    hop.holds_back = LONG_S
    hop.source.bring(1)
    await hop.comes_to([1])
    await given_away(hop)
    hop.due = None
    hop.source.bring(2)
    await hop.comes_to([1], [2])
    await all_acknowledged(hop, 2)
    assert hop.source.acknowledged == [2]


async def test_what_waits_is_dropped_when_its_partition_is_given_away() -> None:
    hop = await waiting()
    await given_away(hop)
    hop.patience = 0.0
    hop.source.bring(3)
    await hop.comes_to([1], [3])
    assert hop.source.acknowledged == [1, 3]


async def test_a_bundle_that_waits_for_a_flush_is_skipped_when_its_partition_is_revoked() -> None:
    hop = await waiting()
    hop.hold.clear()
    hop.patience = 0.0
    timer = asyncio.create_task(hop._flush_in_time(hop.source))  # type: ignore[arg-type] # what is used of a stream
    hop.source.bring(3)
    await all_got(hop)
    assert hop.added == []
    away = asyncio.create_task(given_away(hop))
    await told_of_it(hop)
    assert not away.done()  # what is being written comes first
    hop.hold.set()
    await asyncio.gather(timer, away)
    hop.source.bring(4)
    await hop.comes_to([1], [2], [4])


async def test_an_error_of_the_timers_flush_ends_the_worker() -> None:
    hop = Hop(patience_s=0.01)
    hop.source.bring(1)
    await hop.comes_to([1])
    deaths, hop.error = Deaths(hop.context), RuntimeError("the broker is gone")
    hop.source.bring(2)
    await asyncio.wait_for(deaths.happened.wait(), 30)
    assert deaths.reasons == ["the numbers hop failed: the broker is gone"]
    assert hop.source.acknowledged == [1]


async def test_an_error_of_a_flush_ends_the_worker_and_nothing_is_acknowledged() -> None:
    hop = Hop()
    deaths, hop.error = Deaths(hop.context), RuntimeError("the broker is gone")
    hop.source.bring(1, 2)
    with pytest.raises(DiedError):
        await hop.task
    assert deaths.reasons == ["the numbers hop failed: the broker is gone"]
    assert (hop.source.acknowledged, hop.context.progress) == ([], {})


async def test_an_error_of_adding_ends_the_worker_and_nothing_is_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    hop = Hop()
    deaths = Deaths(hop.context)
    monkeypatch.setattr(hop, "adding", lambda _: int("no number"))
    hop.source.bring(1)
    with pytest.raises(DiedError):
        await hop.task
    assert len(deaths.reasons) == 1
    assert hop.source.acknowledged == []


class Actor:
    """What Faust starts of an agent, as far as it is used when the agent ends."""

    def __init__(self) -> None:
        self.crashed: list[BaseException] = []

    async def crash(self, error: BaseException) -> None:
        self.crashed.append(error)


async def test_an_error_that_faust_catches_ends_the_worker() -> None:
    """Its own way would be to acknowledge the event and start the agent again, or to stand still."""
    hop, actor = Hop(), Actor()
    deaths = Deaths(hop.context)

    async def broken() -> None:
        raise ConnectionError("the stream is broken")

    with pytest.raises(DiedError):
        await hop.agent._execute_actor(broken(), actor)  # type: ignore[arg-type] # what is used of one
    assert len(deaths.reasons) == 1
    assert deaths.reasons[0].endswith("failed: the stream is broken")
    assert "numbers" in deaths.reasons[0]
    assert actor.crashed == []  # nobody starts it again


async def test_a_hop_that_faust_stops_for_a_rebalance_goes_on() -> None:
    hop = Hop()
    deaths = Deaths(hop.context)
    await hop.failed(hop.agent, asyncio.CancelledError())
    assert deaths.reasons == []
    with pytest.raises(DiedError):
        await hop.failed(hop.agent, RuntimeError("no event"))
    assert len(deaths.reasons) == 1


def test_the_end_of_a_worker_is_the_end_of_its_process() -> None:
    code = (
        "from bordertally.agents.worker.worker import create_app\n"
        "from bordertally.streams.settings import load_settings\n"
        "import contextlib\n"
        "with contextlib.suppress(BaseException):\n"
        "    create_app(load_settings(hops='ledger')).context.die('the ledger hop failed', ValueError('why'))\n"
        "print('alive')\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=200)
    assert (ended.returncode, ended.stdout) == (70, "")
    assert "bordertally stops: the ledger hop failed: ValueError: why" in ended.stderr


async def test_progress_is_the_offset_after_the_last_that_was_acknowledged() -> None:
    hop = Hop()
    hop.source.bring(4, 7)
    await hop.comes_to([4, 7])
    await all_acknowledged(hop, 7)
    assert hop.context.progress == {("numbers", "numbers", 0): 8}


async def test_progress_on_partitions_that_are_given_away_is_forgotten() -> None:
    hop = Hop()
    hop.source.bring(1)
    hop.source.bring(9, partition=1)
    await hop.comes_to([1, 9])
    await all_acknowledged(hop, 9)
    await hop.revoked(None, {TopicPartition("numbers", 1), TopicPartition("others", 0)})
    assert hop.context.progress == {("numbers", "numbers", 0): 2}


async def test_a_worker_that_stops_with_nothing_in_memory_flushes_nothing() -> None:
    hop = Hop()
    hop.source.bring(1)
    await hop.comes_to([1])
    await hop.finish()
    assert hop.batches == [[1]]


async def test_faust_never_acknowledges_by_itself() -> None:
    hop = Hop()
    hop.source.bring(1)
    await hop.comes_to([1])
    assert hop.source.enable_acks is False


def test_claims_wait_only_when_they_are_many_and_late_anyway_and_more_is_to_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (hop,) = create_app(load_settings(hops="ledger")).hops
    assert isinstance(hop, LedgerHop)
    monkeypatch.setattr("bordertally.agents.hops.ledger.time.time", lambda: 1_000.0)
    hop.arrived, hop.claims, hop.more = [999.8, 900.0], FEWEST_WAITING - 1, True
    assert hop.patience_s() == 0.0
    hop.claims, hop.more = FEWEST_WAITING, False
    assert hop.patience_s() == 0.0
    hop.more = True
    assert hop.patience_s() == PATIENCE_S
    hop.arrived = [999.9, 999.8]
    assert hop.patience_s() == pytest.approx(0.05)
    hop.arrived = [2_000.0]  # of a clock that is ahead
    assert hop.patience_s() < 0.0


async def test_partitions_are_fenced_before_faust_reads_their_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(load_settings(hops="ledger,alerts", topic_prefix="pre."))
    broker, tables = Broker(), list[int]()
    broker.serve(app.context)

    async def read_tables(*_: object) -> None:
        tables.append(len(broker.fenced))

    monkeypatch.setattr(faust.App, "_on_partitions_assigned", read_tables)
    topics = app.context.topics
    await app._on_partitions_assigned({TP(topics.claims, 2), TP(topics.totals, 1), TP(topics.totals, 0)}, 3)
    assert tables == [2]
    assert [[(fenced.name, fenced.places) for fenced in wanted] for wanted in broker.fenced] == [
        [("pre.ledger-changelog-2", [("pre.ledger-changelog", 2)])],
        [(f"pre.alerts-changelog-{at}", [("pre.alerts-changelog", at), ("pre.alerts", at)]) for at in (0, 1)],
    ]
    assert [dict(hop.epochs) for hop in app.hops] == [{2: Epoch(7, 1)}, {0: Epoch(7, 2), 1: Epoch(7, 2)}]


async def fencing(broker: Broker) -> Hop:
    hop = Hop()
    broker.serve(hop.context)
    await hop.fence([1])
    return hop


async def test_a_hop_fences_again_before_kafka_can_forget_its_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = Broker()
    hop = await fencing(broker)
    hop.source.bring(1)
    await hop.comes_to([1])
    assert len(broker.fenced) == 1
    monkeypatch.setattr(module, "FENCE_AGAIN_S", -1.0)
    hop.source.bring(2)
    await hop.comes_to([1], [2])
    assert broker.fenced == [[Fenced("numbers-changelog", 1)]] * 2
    assert hop.epochs == {1: Epoch(7, 2)}


async def test_a_hop_without_partitions_asks_for_no_epoch_and_forgets_the_last_one() -> None:
    broker = Broker()
    hop = await fencing(broker)
    await hop.fence([])
    assert (len(broker.fenced), hop.epochs) == (1, {})


async def test_a_hop_whose_partitions_cannot_be_fenced_ends() -> None:
    hop = Hop()
    deaths = Deaths(hop.context)

    async def refuse(_: object) -> dict[int, Epoch]:
        raise ConfigError("no right")

    hop.context.writer.fence = refuse  # type: ignore[method-assign, assignment] # a broker that refuses
    with pytest.raises(DiedError):
        await hop.fence([1])
    assert deaths.reasons == ["the partitions of the numbers hop cannot be fenced: no right"]


async def test_a_hop_works_on_a_broker_without_epochs_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "bordertally")
    broker = Broker()
    broker.keeps_epochs = False
    hop = await fencing(broker)
    assert hop.epochs == {}
    assert "numbers: this broker keeps no producer epochs, so late writes of other workers count" in caplog.text


async def refused() -> Hop:
    """A hop that has flushed 1, and whose write of 2 was refused; 3 has come since."""
    hop = Hop()
    hop.source.bring(1)
    await hop.comes_to([1])
    hop.error = LateWriteError("another worker has it")
    hop.source.bring(2)
    await until(lambda: asyncio.sleep(0, hop._replaced is not None), "the write is refused")
    hop.error = None
    hop.source.bring(3)
    await all_got(hop)
    await hop.finish()
    assert (hop.batches, hop.source.acknowledged) == ([[1]], [1])
    return hop


async def test_a_hop_whose_write_is_refused_goes_on_once_its_partitions_are_reassigned() -> None:
    hop = await refused()
    deaths = Deaths(hop.context)
    await given_away(hop)
    hop.source.bring(2, 3)
    await hop.comes_to([1], [2, 3])
    await all_acknowledged(hop, 3)
    assert deaths.reasons == []


async def test_a_hop_whose_write_is_refused_ends_when_nobody_reassigns_its_partitions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "REPLACED_SESSIONS", 0)
    hop = Hop()
    deaths = Deaths(hop.context)
    hop.error = LateWriteError("another worker has it")
    hop.source.bring(1)
    await asyncio.wait_for(deaths.happened.wait(), 5)
    assert deaths.reasons == ["the numbers hop failed: another worker has it"]
    assert hop.source.acknowledged == []
