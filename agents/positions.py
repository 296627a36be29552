"""Where a Faust consumer goes on after a rebalance: at its committed offset, or at the start where it has none.

Faust drops what it has fetched while its flow is paused and then seeks back to the committed offsets. A partition
without one is not sought back, so what was dropped on it would never be read again. `from_the_start` closes that gap.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from faust.types import TP


def from_the_start(consumer: Any, app: Any) -> Any:
    """Make a Faust consumer seek partitions without a committed offset to their beginning. Returns it."""
    seek_to_committed = consumer.seek_to_committed

    async def seek() -> Mapping[TP, int]:
        committed: Mapping[TP, int] = await seek_to_committed()
        fresh = [
            TP(tp.topic, tp.partition)
            for tp, offset in committed.items()
            if not offset and tp.topic not in app.tables.changelog_topics
        ]
        if fresh:
            for tp, beginning in (await consumer.earliest_offsets(*fresh)).items():
                await consumer.seek(TP(tp.topic, tp.partition), beginning)
        return committed

    consumer.seek_to_committed = seek
    return consumer
