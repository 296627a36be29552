"""A hop that works in batches, on a consumer whose records are here: what it reads, commits, and when it ends."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError, KafkaError

from bordertally.agents.hops import batch_hop as module
from bordertally.agents.hops.batch_hop import Batch, BatchHop, Done
from bordertally.agents.runtime.context import Context
from bordertally.streams.settings import load_settings
from live import until
from unit.agents.hops.kit import Consumer, Deaths, record

ONE, TWO = TopicPartition("numbers", 0), TopicPartition("numbers", 1)


class Numbers(BatchHop):
    """Notes the offsets of every batch; `error` is what handling one raises."""

    hop = "numbers"
    chunk = 3

    def __init__(self, consumer: Consumer) -> None:
        super().__init__(Context.load(load_settings(batch_wait_s=0.25, instance="here")))
        self.fake = self.consumer = consumer
        self.batches: list[list[int]] = []
        self.idled = 0
        self.error: Exception | None = None

    def _consumer(self) -> Consumer:
        return self.fake

    def topics(self) -> tuple[str, ...]:
        return ("numbers", "figures")

    async def handle(self, batch: Batch) -> Done:
        if self.error is not None:
            raise self.error
        self.batches.append([record.offset for records in batch.values() for record in records])
        return {tp: records[-1].offset + 1 for tp, records in batch.items()}

    async def idle(self) -> None:
        self.idled += 1


async def idle(hop: Numbers) -> None:
    async def idled() -> bool:
        return hop.idled > 0

    await until(idled, "nothing more is here")


def received(*offsets: int) -> list[object]:
    return [record(offset) for offset in offsets]


async def test_a_batch_is_no_larger_than_the_hop_takes_at_once() -> None:
    hop = Numbers(Consumer({ONE: received(*range(7))}))
    assert [len(records) for records in (await hop.fetch(0.5)).values()] == [3]
    assert hop.fake.asked == [((), 500, 3)]


async def test_a_batch_may_be_asked_to_be_smaller_and_of_some_partitions_only() -> None:
    hop = Numbers(Consumer({ONE: received(1, 2, 3), TWO: received(4, 5, 6)}))
    batch = await hop.fetch(0, 2, [TWO])
    assert {tp: [record.offset for record in records] for tp, records in batch.items()} == {TWO: [4, 5]}
    assert hop.fake.asked == [((TWO,), 0, 2)]


async def test_partitions_whose_records_are_here_are_those_waiting() -> None:
    hop = Numbers(Consumer({ONE: received(1), TWO: []}))
    assert hop.waiting == [ONE]


@pytest.mark.parametrize(
    ("ends", "given_away", "behind"),
    [
        ({ONE: 8}, set(), True),  # the broker has one more than was handed out
        ({ONE: 7}, set(), False),  # all was handed out
        ({ONE: None}, set(), False),  # the broker has not said yet
        ({ONE: 9}, {ONE}, False),  # others go on with it
        ({ONE: 9, TWO: 7}, {ONE}, False),
        ({ONE: 9, TWO: 8}, {ONE}, True),
        ({ONE: 7, TWO: 8}, set(), True),
    ],
)
async def test_a_hop_is_behind_where_the_broker_has_more_than_was_handed_out(
    ends: dict[TopicPartition, int | None], given_away: set[TopicPartition], behind: bool
) -> None:
    consumer = Consumer(ends=ends)
    consumer.positions.update(dict.fromkeys(ends, 7))
    consumer.given_away = given_away
    assert await Numbers(consumer).behind(ends) is behind


async def test_a_partition_given_away_between_two_questions_is_not_behind() -> None:
    """Its position is known still, and it is not of this worker any more."""
    consumer = Consumer(ends={ONE: 9})
    consumer.assignment = set  # type: ignore[method-assign] # given away just now
    assert await Numbers(consumer).behind([ONE]) is False


async def test_batches_are_handled_in_order_and_committed_once_they_are_done() -> None:
    hop = Numbers(Consumer({ONE: received(1, 2, 3, 4)}))
    await hop.start()
    await idle(hop)
    await hop.stop()
    assert hop.batches == [[1, 2, 3], [4]]
    assert hop.fake.steps == ["start", "subscribe numbers figures", "stop"]
    assert hop.fake.committed[-1] == {ONE: 5}
    assert hop.context.progress == {("numbers", "numbers", 0): 5}


async def test_nothing_is_committed_more_often_than_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMMIT_S", 3_600.0)
    hop = Numbers(Consumer({ONE: received(*range(9)), TWO: received(5)}))
    hop._committed_at = time.monotonic()
    await hop.start()
    await idle(hop)
    assert hop.fake.committed == []
    await hop.stop()
    assert hop.fake.committed == [{ONE: 9, TWO: 6}]


async def test_a_hop_commits_while_batches_keep_coming(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMMIT_S", 0.0)
    hop = Numbers(Consumer({ONE: received(1, 2, 3, 4)}))
    await hop.start()
    await idle(hop)
    assert hop.fake.committed == [{ONE: 4}, {ONE: 5}]
    await hop.stop()


async def test_a_hop_without_records_waits_until_something_is_due_and_ends_at_once() -> None:
    hop = Numbers(Consumer({ONE: received(1)}))
    hop._committed_at = -module.COMMIT_S  # what is done is committed at once
    long_ms = int(module.IDLE_FETCH_S * 1000)

    async def waited() -> bool:
        return long_ms in [wait_ms for _, wait_ms, _ in hop.fake.asked]

    hop.fake.empty_s = 3_600.0
    await hop.start()
    await until(waited, "the hop waits for longer")
    assert [wait_ms for _, wait_ms, _ in hop.fake.asked] == [250, 250, long_ms]  # the second brought nothing
    await asyncio.wait_for(hop.stop(), 30)
    assert hop.fake.steps[-1] == "stop"


@pytest.mark.parametrize(("due_s", "wait_ms"), [(0.125, 125), (-1.0, 0), (60.0, 3_000)])
async def test_the_wait_of_a_hop_without_records_ends_when_something_is_due(due_s: float, wait_ms: int) -> None:
    hop = Numbers(Consumer())
    hop.idle_s = lambda: due_s  # type: ignore[method-assign] # what a channel with a clock says
    await hop._fetch_when_idle()
    assert hop.fake.asked == [((), wait_ms, 3)]


async def test_an_error_of_handling_ends_the_worker_and_commits_nothing() -> None:
    hop = Numbers(Consumer({ONE: received(1)}))
    deaths, hop.error = Deaths(hop.context), ValueError("no number")
    await hop.start()
    await asyncio.wait_for(deaths.happened.wait(), 30)
    assert deaths.reasons == ["the numbers hop failed: no number"]
    await asyncio.wait_for(hop._ended.wait(), 30)
    assert (hop.fake.committed, hop.context.progress) == ([], {})
    assert hop.fake.steps[-1] == "stop"


async def test_partitions_given_away_are_committed_and_forgotten() -> None:
    hop = Numbers(Consumer())
    hop._mark({ONE: 5, TWO: 7})
    await hop.on_partitions_revoked({TWO})
    assert hop.fake.committed == [{ONE: 5, TWO: 7}]
    assert hop.context.progress == {("numbers", "numbers", 0): 5}


async def test_a_hop_that_has_its_partitions_is_ready() -> None:
    hop = Numbers(Consumer())
    assert "numbers" not in hop.context.ready
    hop.on_partitions_assigned({ONE})
    assert "numbers" in hop.context.ready
    assert hop.context.metrics["rebalances_total"].labels("numbers")._value.get() == 1


@pytest.mark.parametrize(
    ("error", "level"), [(CommitFailedError("rebalanced"), "INFO"), (KafkaError("no leader"), "WARNING")]
)
async def test_a_commit_that_fails_is_named_and_the_next_one_covers_it(
    error: Exception, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    hop = Numbers(Consumer())
    hop._mark({ONE: 5})
    hop.fake.refuses = error
    with caplog.at_level(logging.INFO, "bordertally"):
        await hop._commit()
    assert [(record.levelname, "numbers" in record.getMessage()) for record in caplog.records] == [(level, True)]
    hop.fake.refuses = None
    hop._mark({ONE: 6})
    await hop._commit()
    await hop._commit()  # nothing was done since
    assert hop.fake.committed == [{ONE: 6}]


def test_groups_and_members_are_named_after_the_hop() -> None:
    hop = Numbers(Consumer())
    assert hop.group == f"{hop.context.settings.app_id}-numbers"
