"""Positions that a broker no longer has: records removed before they were read, and topics made anew.

A consumer whose position is before the first record of its partition (retention, deleted records) or behind the last
(the topic was deleted and made anew, or an unclean leader lost records) gets an error from the broker. aiokafka then
goes on from the first record, or from the end where the consumer starts there, and tells nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition


class Reset(NamedTuple):
    """The broker did not have the record at `position`, the next to read; the consumer goes on at offset `onward`."""

    tp: TopicPartition
    position: int
    onward: int

    @property
    def skipped(self) -> int:
        """How many offsets were never read; transaction markers and compacted records count, too."""
        return max(0, self.onward - self.position)

    def __str__(self) -> str:
        where = f"{self.tp.topic}/{self.tp.partition}"
        if self.skipped == 1:
            return f"{where}: 1 record was removed before it was read (offset {self.position}); it is not counted"
        if self.skipped:
            span = f"offsets {self.position} to {self.onward - 1}"
            return f"{where}: {self.skipped} records were removed before they were read ({span}); they are not counted"
        return (
            f"{where}: the position {self.position} is beyond the end, so the topic was made anew or lost records;"
            f" reading it from offset {self.onward}"
        )


def watch_resets(consumer: AIOKafkaConsumer, tell: Callable[[Reset], None]) -> None:
    """Call `tell` whenever the consumer, which is started, had to leave a position that the broker no longer has."""
    _ResetWatch(consumer._fetcher, tell)  # noqa: SLF001 - aiokafka has no callback for it


class _ResetWatch:
    """Stands between a consumer and its fetcher, and notes which positions get lost."""

    def __init__(self, fetcher: Any, tell: Callable[[Reset], None]) -> None:
        self.tell = tell
        self.left: dict[TopicPartition, int] = {}  # the positions that were out of range
        self.asked: set[TopicPartition] = set()  # what the consumer itself sends to its beginning or end
        self.told: dict[TopicPartition, Reset] = {}  # Faust seeks the committed offset twice when it starts
        self._ask, fetcher.request_offset_reset = fetcher.request_offset_reset, self.ask
        self._fetch, fetcher._proc_fetch_request = fetcher._proc_fetch_request, self.fetch  # noqa: SLF001 - as above
        self._find, fetcher._update_fetch_positions = fetcher._update_fetch_positions, self.find  # noqa: SLF001 - too

    def ask(self, tps: Collection[TopicPartition], strategy: int) -> Any:
        """Note that the consumer leaves these positions by itself; a fetch of them may still be under way."""
        self.asked.update(tps)
        return self._ask(tps, strategy)

    async def fetch(self, assignment: Any, node: int, request: Any) -> bool:
        """Fetch, and note which positions were out of range."""
        fetched: bool = await self._fetch(assignment, node, request)
        for topic, partitions in request.topics:
            for partition, offset, _ in partitions:
                tp = TopicPartition(topic, partition)
                state = assignment.state_value(tp)
                if state is None or not state.awaiting_reset:
                    self.asked.discard(tp)
                elif tp not in self.asked:
                    self.left.setdefault(tp, offset)
        return fetched

    async def find(self, assignment: Any, node: int, tps: Iterable[TopicPartition]) -> bool:
        """Find the positions of partitions without one, and tell which of them were out of range before."""
        found: bool = await self._find(assignment, node, tps)
        for tp in tps:
            state = assignment.state_value(tp)
            if state is None or not state.has_valid_position:
                continue
            self.asked.discard(tp)
            if tp in self.left:
                reset = Reset(tp, self.left.pop(tp), state.position)
                if reset.onward != reset.position and self.told.get(tp) != reset:  # equal after a seek meanwhile
                    self.told[tp] = reset
                    self.tell(reset)
        return found
