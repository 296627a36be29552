"""The hub: reads `alerts` and `totals` once and sends the events to all clients of this gateway.

Every gateway reads every partition without a consumer group, so each sees every event. The newest events stay in
memory for reconnecting clients; a client that missed more is served from Kafka (catch_up.py).
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from aiohttp import web
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaError

from bordertally.agents.gateway.stream.client import Chunks, Client
from bordertally.agents.gateway.stream.events import Event, Filter, event_of, frame, heartbeat
from bordertally.agents.kafka.clients import kafka_options
from bordertally.agents.runtime.context import log
from bordertally.streams.delivery.stream_position import PlaceText, slots
from bordertally.streams.errors import ConfigError
from bordertally.streams.settings import Settings
from bordertally.streams.topics import Topics

BUFFER_BYTES = 32 * 1024 * 1024
"""Bytes of events kept in memory for reconnecting clients."""

PRELOAD = 200
"""Events of each partition read at start, for clients that reconnect after a restart."""

PACE_S = 0.005
"""The least pause between two rounds, in seconds; a longer round is followed by a pause of its own length."""

RETRY_S, LONGEST_S = 1.0, 5.0
"""Seconds before Kafka is tried again: doubled from the shortest to the longest."""

BEAT_S = 15.0
"""Seconds between heartbeats."""


class Hub:
    """The newest events, and the clients that receive new ones."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        topics = Topics(settings.topic_prefix)
        names = {"alerts": topics.alerts, "totals": topics.totals}
        self.slots = slots(settings.partitions)
        self.partitions = [TopicPartition(names[kind], number) for kind, number in self.slots]
        self._slot_of = {tp: slot for slot, tp in enumerate(self.partitions)}
        self.place = PlaceText([0] * len(self.slots))
        self.floor = [0] * len(self.slots)  # by slot: `events` is complete from this offset on
        self.events: list[Event] = []
        self.first = 0  # the number of events[0], counted since start
        self._bytes = 0
        self.clients: dict[Filter, set[Client]] = defaultdict(set)
        self.ready = asyncio.Event()
        self.cut = 0
        self._pause_s = RETRY_S
        self._why: str | None = None  # why the stream waits for Kafka
        self.sent: Counter[str] = Counter()  # events by kind, counted once for every client

    @property
    def next_number(self) -> int:
        """The number of the next event."""
        return self.first + len(self.events)

    def count(self) -> int:
        """Return the number of clients."""
        return sum(len(clients) for clients in self.clients.values())

    # --- reading ------------------------------------------------------------------------------------------------

    def consumer(self) -> AIOKafkaConsumer:
        """Return a consumer without a group."""
        return AIOKafkaConsumer(
            **kafka_options(self.settings),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            fetch_max_wait_ms=100,
        )

    async def run(self) -> None:
        """Read until cancelled; while Kafka is unavailable, retry from the same position."""
        heartbeats = asyncio.create_task(self._send_heartbeats())
        try:
            while True:
                try:
                    await self._read()
                except (KafkaError, OSError, ConfigError) as error:
                    self._warn(error)
                await asyncio.sleep(self._pause_s)
                self._pause_s = min(self._pause_s * 2, LONGEST_S)
        finally:
            heartbeats.cancel()
            self.close()

    def _warn(self, error: Exception) -> None:
        """Log why the stream waits, once for each reason."""
        connection = isinstance(error, KafkaConnectionError)
        why = f"no broker answers at {self.settings.brokers}" if connection else str(error)
        if why != self._why:
            self._why = why
            log.warning("gateway: the stream waits for Kafka, and tries again until it is there: %s", why)

    def _resumed(self) -> None:
        """Note that Kafka answers."""
        if self._why is not None:
            log.info("gateway: the stream reads from Kafka again")
        self._why, self._pause_s = None, RETRY_S

    async def _read(self) -> None:
        consumer = self.consumer()
        try:
            await consumer.start()
            consumer.assign(self.partitions)
            goal = await self._seek(consumer)
            self._resumed()
            while True:
                begun = time.monotonic()
                batch = await consumer.getmany(timeout_ms=250)
                if batch:
                    received = time.monotonic()
                    self.add((tp, record) for tp, records in batch.items() for record in records)
                    await asyncio.sleep(max(PACE_S, time.monotonic() - received))
                if not self.ready.is_set():
                    at = [await consumer.position(tp) for tp in self.partitions]
                    for slot, offset in enumerate(at):
                        self.place.reach(slot, offset)
                    if all(here >= end for here, end in zip(at, goal, strict=True)):
                        self.ready.set()
                elif not batch and time.monotonic() - begun < 0.01:
                    await asyncio.sleep(0.05)  # getmany did not wait: avoid a busy loop
        finally:
            await consumer.stop()

    async def _seek(self, consumer: AIOKafkaConsumer) -> list[int]:
        """Seek to the start position; return the end offsets, at which the hub is ready."""
        ends = await consumer.end_offsets(self.partitions)
        if not self.ready.is_set():
            beginnings = await consumer.beginning_offsets(self.partitions)
            start = [max(beginnings[tp], ends[tp] - PRELOAD) for tp in self.partitions]
            self.events.clear()
            self.floor, self.place = list(start), PlaceText(start)
        for tp, offset in zip(self.partitions, self.place.offsets, strict=True):
            consumer.seek(tp, offset)
        return [ends[tp] for tp in self.partitions]

    # --- sending ------------------------------------------------------------------------------------------------

    def add(self, records: Iterable[tuple[TopicPartition, Any]]) -> None:
        """Store records in memory and send them to the clients; all clients get the same order."""
        events, frames = [], []
        for tp, record in records:
            slot = self._slot_of[tp]
            self.place.reach(slot, record.offset + 1)
            event = event_of(slot, self.slots[slot].kind, record)
            if event is not None:
                events.append(event)
                frames.append(frame(self.place.text, event.body))
        self._store(events)
        for wanted, clients in list(self.clients.items()):  # equal filters, equal bytes
            passed = [(event, framed) for event, framed in zip(events, frames, strict=True) if wanted.wants(event)]
            if passed:
                reached = self.push(clients, Chunks(b"".join([framed for _, framed in passed])))
                for kind, number in Counter(event.kind for event, _ in passed).items():
                    self.sent[kind] += reached * number

    def _store(self, events: Sequence[Event]) -> None:
        self.events += events
        self._bytes += sum(len(event.body) for event in events)
        if self._bytes > BUFFER_BYTES:
            dropped = max(1, len(self.events) // 4)
            for event in self.events[:dropped]:
                self.floor[event.slot] = event.offset + 1
                self._bytes -= len(event.body)
            del self.events[:dropped]
            self.first += dropped

    def push(self, clients: set[Client], chunks: Chunks) -> int:
        """Send the same bytes to clients; return how many of them were reached."""
        lost = [client for client in clients if not client.push(chunks)]
        reached = len(clients) - len(lost)
        for client in lost:
            self.leave(client)
        return reached

    async def _send_heartbeats(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            chunks = Chunks(heartbeat(self.place.text))
            for clients in list(self.clients.values()):
                self.push(clients, chunks)

    def join(self, client: Client) -> None:
        """Send the client its events, from the next event on."""
        self.clients[client.filter].add(client)

    def leave(self, client: Client) -> None:
        """Stop sending events to the client."""
        clients = self.clients.get(client.filter)
        if clients is not None and client in clients:
            clients.discard(client)
            self.cut += client.was_slow
            if not clients:
                del self.clients[client.filter]

    def close(self) -> None:
        """Disconnect every client."""
        for clients in list(self.clients.values()):
            for client in list(clients):
                client.cut()
        self.clients.clear()


HUB: web.AppKey[Hub] = web.AppKey("hub", Hub)
