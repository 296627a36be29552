"""Positions that a broker no longer has: records removed before they were read, and topics made anew.

A consumer whose position is before the first record of its partition (retention, deleted records) or behind the last
(the topic was deleted and made anew, or an unclean leader lost records) gets an error from the broker. aiokafka then
goes on from the first record, or from the end where the consumer starts there, and tells nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
    fetcher = consumer._fetcher  # noqa: SLF001 - aiokafka has no callback for it
    fetch, find_positions = fetcher._proc_fetch_request, fetcher._update_fetch_positions  # noqa: SLF001 - as above
    left: dict[TopicPartition, int] = {}  # the positions that were out of range
    told: dict[TopicPartition, Reset] = {}  # Faust seeks the committed offset twice when it starts

    async def fetch_and_note(assignment: Any, node: int, request: Any) -> bool:
        fetched: bool = await fetch(assignment, node, request)
        for topic, partitions in request.topics:
            for partition, offset, _ in partitions:
                tp = TopicPartition(topic, partition)
                state = assignment.state_value(tp)
                if state is not None and state.awaiting_reset:
                    left.setdefault(tp, offset)
        return fetched

    async def find_positions_and_tell(assignment: Any, node: int, tps: Iterable[TopicPartition]) -> bool:
        found: bool = await find_positions(assignment, node, tps)
        for tp in [tp for tp in tps if tp in left]:
            state = assignment.state_value(tp)
            if state is not None and state.has_valid_position:
                reset = Reset(tp, left.pop(tp), state.position)
                if reset.onward != reset.position and told.get(tp) != reset:  # equal after a seek during the fetch
                    told[tp] = reset
                    tell(reset)
        return found

    fetcher._proc_fetch_request = fetch_and_note  # noqa: SLF001 - as above
    fetcher._update_fetch_positions = find_positions_and_tell  # noqa: SLF001 - as above
