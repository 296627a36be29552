"""A minimum interval between fetches, so that records that arrive in the meantime come in one response.

A broker responds as soon as it has one record. At 500 records a second, every response would bring one or two, and a
fetch costs as much as thirty records. So after a response with records, the next fetch to that broker waits; the first
fetch after a lull is sent at once.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from aiokafka import AIOKafkaConsumer


def pace_fetches(consumer: AIOKafkaConsumer, interval_s: float) -> None:
    """Wait at least `interval_s` seconds between a broker's response with records and the next fetch to that broker."""
    fetcher = consumer._fetcher  # noqa: SLF001 - aiokafka has no setting for the interval
    fetch = fetcher._proc_fetch_request  # noqa: SLF001 - as above
    received_at: dict[int, float] = {}  # by broker, the time of its last response with records

    async def fetch_paced(assignment: Any, node: int, request: Any) -> bool:
        try:
            await asyncio.sleep(max(0.0, received_at.get(node, 0.0) + interval_s - time.monotonic()))
        except asyncio.CancelledError:  # aiokafka's own fetch returns False when it is cancelled
            return False
        has_records: bool = await fetch(assignment, node, request)
        if has_records:
            received_at[node] = time.monotonic()
        return has_records

    fetcher._proc_fetch_request = fetch_paced  # noqa: SLF001 - as above
