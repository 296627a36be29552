"""When a consumer fetches: less often in a steady feed, and with a longer wait of the broker when nothing comes.

A broker responds as soon as it has one record. At 500 records a second, every response would bring one or two, and a
fetch costs as much as thirty records. So after a response with records, the next fetch to that broker waits; the first
fetch after a lull is sent at once.

Without records, a broker holds a fetch for a tenth of a second, because partitions that are added in the meantime have
to wait for the response. That is ten fetches a second of every consumer of an idle worker. So after a while without
records, a fetch is held for longer. Kafka responds to it all the same as soon as it has a record. Where partitions are
given away while a broker holds a fetch, its connection is closed: the broker reads nothing from it before it responds.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.client import AIOKafkaClient, ConnectionGroup

from bordertally.agents.kafka.clients import FETCH_WAIT_MS

IDLE_S = 3.0
"""Seconds without a record after which a broker may hold a fetch for longer."""

IDLE_WAIT_MS = 1_000
"""The longest wait of a broker for records then."""

LONG_WAIT_MS = 5_000
"""The longest wait of a broker that has shown that it responds as soon as it has records."""

LOOK_S = 1.0
"""Seconds after which aiokafka looks for something to fetch although nothing has happened; by itself it takes 0.2."""

AT_ONCE = 0.8
"""A response with records before this share of the wait is over shows that the broker does not wait with records.

Tansu does: there, longer waits would make records late.
"""


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


def wait_longer_when_idle(consumer: AIOKafkaConsumer) -> None:
    """Let brokers hold fetches for longer when no record has come for IDLE_S seconds, else for FETCH_WAIT_MS.

    A new assignment of partitions begins with the short wait. A response with records that came at once shows for good
    that the broker responds as soon as it has records: later ones may come late, because the records themselves did.
    """
    fetcher = consumer._fetcher  # noqa: SLF001 - aiokafka has no setting for it
    fetch = fetcher._proc_fetch_request  # noqa: SLF001 - as above
    fetcher._fetcher_timeout = LOOK_S  # noqa: SLF001 - as above
    assigned: Any = None
    heard_at = time.monotonic()
    at_once: bool | None = None  # whether a response with records ever came before the wait was over; None: none came

    async def fetch_patiently(assignment: Any, node: int, request: Any) -> bool:
        nonlocal assigned, heard_at, at_once
        began = time.monotonic()
        has_records: bool = await fetch(assignment, node, request)
        now = time.monotonic()
        if not assignment.active and fetcher._fetch_max_wait_ms > FETCH_WAIT_MS:  # noqa: SLF001 - as above
            _hang_up(fetcher._client, node)  # noqa: SLF001 - as above
        if has_records:
            at_once = at_once or now - began < AT_ONCE * fetcher._fetch_max_wait_ms / 1000  # noqa: SLF001 - as above
        if has_records or assignment is not assigned:
            assigned, heard_at = assignment, now
        idle = at_once is not False and now - heard_at > IDLE_S
        longest = LONG_WAIT_MS if at_once else IDLE_WAIT_MS
        fetcher._fetch_max_wait_ms = longest if idle else FETCH_WAIT_MS  # noqa: SLF001 - as above
        return has_records

    fetcher._proc_fetch_request = fetch_patiently  # noqa: SLF001 - as above


def _hang_up(client: AIOKafkaClient, node: int) -> None:
    """Close the connection on which a broker still holds a fetch of partitions that are no longer assigned."""
    connection = client._conns.get((node, ConnectionGroup.DEFAULT))  # noqa: SLF001 - there is no public way
    if connection is not None:
        connection.close()
