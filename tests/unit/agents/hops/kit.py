"""Fakes for the hops: a broker that records what is written, and a consumer with records in memory."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, NoReturn

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from bordertally.agents.kafka.fencing import Epoch, Fenced
from bordertally.agents.kafka.producer import Record
from bordertally.agents.runtime.context import Context


class Broker:
    """Records every write, in order. After the first `takes` writes it refuses all others."""

    def __init__(self, takes: int | None = None) -> None:
        self.records: list[Record] = []
        self.takes, self.writes = takes, 0
        self.fenced: list[list[Fenced]] = []
        self.keeps_epochs = True

    async def write(self, records: Iterable[Record]) -> None:
        self.writes += 1
        if self.takes is not None and self.writes > self.takes:
            raise KafkaError("the broker is gone")
        self.records += records

    async def fence(self, wanted: Sequence[Fenced]) -> dict[int, Epoch]:
        self.fenced.append(list(wanted))
        return {fenced.partition: Epoch(7, len(self.fenced)) for fenced in wanted} if self.keeps_epochs else {}

    def of(self, topic: str) -> list[Record]:
        return [record for record in self.records if record.topic == topic]

    def serve(self, context: Context) -> None:
        """Replace the writer of a worker."""
        context.writer.write = self.write  # type: ignore[method-assign] # a broker that is a list
        context.writer.fence = self.fence  # type: ignore[method-assign] # as above


class DiedError(Exception):
    """Raised where the process would have ended."""


class Deaths:
    """The reasons for which a worker would have ended. `Context.die` raises instead, so nothing after it runs."""

    def __init__(self, context: Context) -> None:
        self.reasons: list[str] = []
        self.happened = asyncio.Event()
        context.die = self._die  # type: ignore[method-assign] # the process goes on in a test

    def _die(self, why: str, error: BaseException) -> NoReturn:
        self.reasons.append(f"{why}: {error}")
        self.happened.set()
        raise DiedError


def record(offset: int, value: bytes | None = b"", timestamp: int = 0, **more: Any) -> Any:
    """A record as a hop reads it."""
    return SimpleNamespace(
        **{"offset": offset, "value": value, "timestamp": timestamp, "key": None, "headers": (), **more}
    )


class Consumer:
    """A consumer with records in memory. `ends`: the last stable offset of each partition, None if unknown.

    `asked`: the calls of `getmany`: partitions, timeout in milliseconds, most records.
    """

    def __init__(
        self, records: Mapping[TopicPartition, Sequence[Any]] = {}, ends: Mapping[TopicPartition, int | None] = {}
    ) -> None:
        self.records = {tp: list(queue) for tp, queue in records.items()}
        self.positions: dict[TopicPartition, int] = defaultdict(int)
        self.ends, self.given_away = dict(ends), set[TopicPartition]()
        self.asked: list[tuple[tuple[TopicPartition, ...], int, int]] = []
        self.committed: list[dict[TopicPartition, int]] = []
        self.steps: list[str] = []
        self.refuses: Exception | None = None
        self.empty_s = 0.001  # how long a fetch without records takes
        self._fetcher = self
        # its positions are never lost
        self._proc_fetch_request = self._update_fetch_positions = self.request_offset_reset = None

    @property
    def _records(self) -> dict[TopicPartition, list[Any]]:
        """The records that are fetched and not yet returned, under aiokafka's name."""
        return {tp: queue for tp, queue in self.records.items() if queue}

    async def start(self) -> None:
        self.steps.append("start")

    def subscribe(self, topics: Sequence[str], listener: object) -> None:
        assert listener is not None
        self.steps.append(f"subscribe {' '.join(topics)}")

    async def stop(self) -> None:
        self.steps.append("stop")

    async def getmany(self, *of: TopicPartition, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[Any]]:
        self.asked.append((of, timeout_ms, max_records))
        batch: dict[TopicPartition, list[Any]] = {}
        for tp in of or tuple(self.records):
            taken = self.records.get(tp, [])[: max_records - sum(map(len, batch.values()))]
            if taken:
                batch[tp] = taken
                self.records[tp] = self.records[tp][len(taken) :]
                self.positions[tp] = taken[-1].offset + 1
        if not batch:
            await asyncio.sleep(min(self.empty_s, timeout_ms / 1000))
        return batch

    async def position(self, tp: TopicPartition) -> int:
        if tp in self.given_away:
            raise IllegalStateError(f"{tp} is not assigned")
        return self.positions[tp]

    def assignment(self) -> set[TopicPartition]:
        return {*self.records, *self.ends} - self.given_away

    def last_stable_offset(self, tp: TopicPartition) -> int | None:
        return self.ends.get(tp)

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.committed.append(dict(offsets))
