"""A running pipeline as the tests see it: workers are processes, everything else is looked at from outside."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.structs import ConsumerRecord
from redis.asyncio import Redis

from bordertally.agents.kafka.clients import redis_options
from bordertally.agents.kafka.producer import Record, by_kafka, make_producer, send_all
from bordertally.agents.kafka.topics import create_topics
from bordertally.agents.producing.publish import publish
from bordertally.agents.runtime.context import load_registry
from bordertally.agents.runtime.languages import word_reader
from bordertally.agents.servers.ports import free_port
from bordertally.agents.servers.process import Server
from bordertally.streams.alerts.records import Alert, AlertState
from bordertally.streams.replay.comparison import settled
from bordertally.streams.replay.ledgers import ReplayLedgers
from bordertally.streams.reports.sources import Registry
from bordertally.streams.rules.config import Rules
from bordertally.streams.settings import Settings, load_settings
from bordertally.streams.topics import Topics
from bordertally.streams.totals.records import FlowState
from forking import ForkedServer
from one_by_one import read_all
from unit.kit import LastSaid, last_said

PARTITIONS = 4
WAIT_S = 45.0

_numbers = itertools.count(1)

COMMAND = ("-m", "bordertally.agents.cli.main")
"""What Python is to be given for the command `bordertally`, where its start matters, too."""


async def until(check: Callable[[], Awaitable[bool]], expectation: str, timeout_s: float = WAIT_S) -> None:
    """Wait for a condition; the failure says what was waited for."""
    deadline = time.monotonic() + timeout_s
    while not await check():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s:.0f} s: {expectation}")
        await asyncio.sleep(0.05)


def come_down(alerts: Iterable[Alert]) -> set[LastSaid]:
    """What the newest record of each alert says, its figures and cites included; withdrawn alerts are left out."""
    newest: dict[str, Alert] = {}
    for alert in alerts:
        if alert.id not in newest or newest[alert.id].seq < alert.seq:
            newest[alert.id] = alert
    return {last_said(record) for record in newest.values() if record.state is not AlertState.WITHDRAWN}


def pure(raws: Iterable[bytes], registry: Registry | None = None) -> ReplayLedgers:
    """What the pure core makes of the same reports; not to be changed: without a registry it may be given again."""
    return _of_the_sample(tuple(raws)) if registry is None else _worked_through(raws, registry)


@lru_cache(maxsize=16)
def _of_the_sample(raws: tuple[bytes, ...]) -> ReplayLedgers:
    return _worked_through(raws, load_registry(None))


def _worked_through(raws: Iterable[bytes], registry: Registry) -> ReplayLedgers:
    desk = ReplayLedgers(registry, Rules())
    for claims in read_all(raws, registry, time.time(), words=word_reader(registry)).reports:
        for _ in desk.apply(claims):
            pass
    return desk


def hourly(days: int) -> list[bytes]:
    """Counts of two checkpoints of the sample's registry, an hour each, that no statement bounds."""
    return [
        json.dumps(
            {
                "id": f"{slug}-{day}-{hour}",
                "source": "kz-mia",
                "published": f"2022-10-{day:02d}T23:59:00Z",
                "flow": f"RU:KZ:{slug}",
                "period": f"2022-10-{day:02d}T{hour:02d}:00/PT1H",
                "people": 50 + (day * 37 + hour * 11) % 90,
                "qualifier": "stated",
            }
        ).encode()
        for day in range(1, days + 1)
        for hour in range(24)
        for slug in ("mashtakovo", "syrym")
    ]


class Live:
    """Topics of its own on a shared broker, a Redis of its own, and any number of workers."""

    def __init__(self, broker: Server, redis: Server, directory: Path, prefix: str) -> None:
        self.broker, self.redis, self.directory = broker, redis, directory
        self.topics = Topics(prefix)
        self.registry = load_registry(None)
        self.workers: list[Server] = []
        self.ready_s = WAIT_S  # how long a worker or gateway may take to be ready
        self._numbers = itertools.count(1)
        self.environment = {
            "BORDERTALLY_BROKERS": broker.address,
            "BORDERTALLY_REDIS_URL": f"redis://{redis.address}/0",
            "BORDERTALLY_PARTITIONS": str(PARTITIONS),
            "BORDERTALLY_TOPIC_PREFIX": prefix,
            "BORDERTALLY_APP_ID": f"{prefix}bordertally",
            "BORDERTALLY_SESSION_TIMEOUT_S": "2",
        }

    @property
    def settings(self) -> Settings:
        """Those of its workers and commands."""
        return load_settings(
            **{name.removeprefix("BORDERTALLY_").lower(): value for name, value in self.environment.items()}
        )

    def create_topics(self) -> None:
        """Make the topics."""
        asyncio.run(create_topics(self.settings))

    def worker(self, *, command: Sequence[str] = (), **environment: str) -> Server:
        """Start a worker, forked unless Python is to be given a `command`; returns when it is ready."""
        return self._start("worker", command, "BORDERTALLY_HTTP_PORT", environment)

    def gateway(self, *, command: Sequence[str] = (), **environment: str) -> Server:
        """Start a gateway, as a worker; returns when it is ready."""
        return self._start("gateway", command, "BORDERTALLY_GATEWAY_PORT", environment)

    def _start(self, name: str, command: Sequence[str], port_variable: str, environment: dict[str, str]) -> Server:
        port = free_port()
        variables = self.environment | environment | {port_variable: str(port)}
        directory = self.directory / f"{name}{next(self._numbers)}"
        directory.mkdir()

        def ready() -> bool:
            return answers(port, "/readyz")

        server: Server
        if command:
            whole = ["env", *(f"{variable}={value}" for variable, value in variables.items()), sys.executable, *command]
            server = Server(name, whole, port=port, directory=directory, check=ready, timeout_s=self.ready_s)
        else:
            server = ForkedServer(
                [name], variables, port=port, directory=directory, check=ready, timeout_s=self.ready_s
            )
        self.workers.append(server)
        return server.start()

    def stop(self) -> None:
        """End every worker and gateway."""
        for worker in self.workers:
            worker.stop()

    def kill(self) -> None:
        """End every worker and gateway at once, when nobody looks at them any more."""
        for worker in self.workers:
            worker.kill()

    async def publish(self, raws: Iterable[bytes]) -> None:
        """Publish reports as producers do."""
        async for _ in publish(self.settings, raws, self.registry, self.topics):
            pass

    async def send(self, records: Iterable[Record], **options: Any) -> None:
        """Send records as they are; `options` are aiokafka's for a producer."""
        producer = make_producer(self.settings, 0.002, **options)
        await producer.start()
        try:
            await send_all(by_kafka(producer), records, WAIT_S)
        finally:
            await producer.stop()

    async def states(self) -> dict[str, bytes]:
        """The states of all flows in Redis, as written."""
        redis: Any = Redis.from_url(**redis_options(self.settings))
        try:
            flows = await redis.smembers("bordertally:flows")
            states = {flow.decode(): await redis.hget(f"bordertally:flow:{flow.decode()}", "state") for flow in flows}
            return {flow: state for flow, state in states.items() if state is not None}  # removed meanwhile
        finally:
            await redis.aclose()

    async def hash_in_redis(self, key: str) -> dict[str, bytes]:
        """A hash in Redis by field."""
        redis: Any = Redis.from_url(**redis_options(self.settings))
        try:
            return {field.decode(): value for field, value in (await redis.hgetall(key)).items()}
        finally:
            await redis.aclose()

    async def shows(self, desk: ReplayLedgers, timeout_s: float = WAIT_S) -> None:
        """Wait until Redis shows, byte for byte, what the pure core makes of the same reports."""
        wanted = {str(flow): of_late(state) for flow, state in desk.states.items()}

        async def now() -> dict[str, bytes]:
            return {flow: of_late(state_of(raw)) for flow, raw in (await self.states()).items()}

        async def same() -> bool:
            return await now() == wanted

        try:
            await until(same, "the states in Redis are those of the pure core", timeout_s)
        except AssertionError:
            values = await now()
            odd = [flow for flow in sorted(wanted.keys() | values.keys()) if wanted.get(flow) != values.get(flow)]
            raise AssertionError(f"{odd[:5]}: {values.get(odd[0])!r} is not {wanted.get(odd[0])!r}") from None

    async def shows_alerts(self, desk: ReplayLedgers, timeout_s: float = WAIT_S) -> None:
        """Wait until the record on `alerts` comes down to what the pure core's log does."""
        wanted = come_down(desk.log)

        async def same() -> bool:
            return come_down(await self.alerts()) == wanted

        try:
            await until(same, "the alerts come down to those of the pure core", timeout_s)
        except AssertionError:
            assert come_down(await self.alerts()) == wanted

    async def alerts(self) -> list[Alert]:
        """The alert log in Redis."""
        redis: Any = Redis.from_url(**redis_options(self.settings))
        try:
            entries = await redis.xrange("bordertally:alerts:log")
            return [msgspec.json.decode(fields[b"alert"], type=Alert) for _, fields in entries]
        finally:
            await redis.aclose()

    async def records(self, topic: str, count: int) -> list[ConsumerRecord]:
        """The first so many records of a topic, in order of partition and offset."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.broker.address, auto_offset_reset="earliest", enable_auto_commit=False
        )
        await consumer.start()
        try:
            consumer.assign([TopicPartition(topic, partition) for partition in range(PARTITIONS)])
            collected: list[ConsumerRecord] = []
            async with asyncio.timeout(WAIT_S):
                while len(collected) < count:
                    batch = await consumer.getmany(timeout_ms=200)
                    collected += [record for records in batch.values() for record in records]
            return sorted(collected, key=lambda record: (record.partition, record.offset))
        finally:
            await consumer.stop()


def make_live(broker: Server, redis: Server, directory: Path) -> Iterator[Live]:
    """A pipeline with topics of its own; its workers end with it."""
    pipeline = Live(broker, redis, directory, prefix=f"t{next(_numbers)}.")
    pipeline.create_topics()
    try:
        yield pipeline
    finally:
        pipeline.kill()


async def limit(live: Live, topic: str, size: int) -> None:
    """Let a topic take no record batch above so many bytes."""
    await configure(live, topic, {"max.message.bytes": str(size)})


async def configure(live: Live, topic: str, settings: dict[str, str]) -> None:
    """Change settings of a topic."""
    admin = AIOKafkaAdminClient(bootstrap_servers=live.broker.address)
    await admin.start()
    try:
        wanted = ConfigResource(ConfigResourceType.TOPIC, topic, settings)
        (answer,) = await admin.alter_configs([wanted])
        assert [resource[0] for resource in answer.resources] == [0]
    finally:
        await admin.close()


def answers(port: int, path: str) -> bool:
    """Whether a worker answers 200."""
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=1) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def page(port: int, path: str) -> str:
    """What a worker answers."""
    with urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        text: str = answer.read().decode()
        return text


def of_late(state: FlowState) -> bytes:
    """A state without the days that only its batch bore on."""
    return msgspec.json.encode(settled(state))


def state_of(raw: bytes) -> FlowState:
    """A state as written to Redis."""
    return msgspec.json.decode(raw, type=FlowState)
