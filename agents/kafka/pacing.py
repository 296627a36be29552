"""A consumer that asks the broker for more only so often, so that what comes meanwhile comes together.

A broker answers as soon as it has one record: at five hundred a second every answer would bring one or two, and asking
and answering cost as much as thirty records do. Here, after an answer that brought something, the next question waits
a moment; the first after a lull goes out at once.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from aiokafka import AIOKafkaConsumer


def paced(consumer: AIOKafkaConsumer, pace_s: float) -> None:
    """Let so many seconds pass between an answer of the broker that brought records and the next question to it."""
    fetcher = consumer._fetcher  # noqa: SLF001 - aiokafka has no setting for it
    ask = fetcher._proc_fetch_request  # noqa: SLF001 - as above
    brought_at: dict[int, float] = {}  # by broker, when it answered with something

    async def ask_in_time(assignment: Any, node: int, request: Any) -> bool:
        try:
            await asyncio.sleep(max(0.0, brought_at.get(node, 0.0) + pace_s - time.monotonic()))
        except asyncio.CancelledError:  # as aiokafka takes it: nobody waits for the answer any more
            return False
        brought: bool = await ask(assignment, node, request)
        if brought:
            brought_at[node] = time.monotonic()
        return brought

    fetcher._proc_fetch_request = ask_in_time  # noqa: SLF001 - as above
