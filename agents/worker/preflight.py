"""The checks before a worker or a gateway starts: a wrong set-up ends in one sentence, not in a traceback."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress

import stamina
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import CoordinationType
from aiokafka.errors import KafkaConnectionError, KafkaError

from bordertally.agents.delivery.redis.access import check_redis
from bordertally.agents.kafka.clients import Refusal, kafka_options, refusal
from bordertally.agents.kafka.topics import creation, partition_counts
from bordertally.streams.errors import BordertallyError, ConfigError
from bordertally.streams.settings import Hop, Settings
from bordertally.streams.topics import Topics

PATIENCE_S = 10.0
"""How long a broker that does not answer is tried again: it may be starting at the same time."""


async def check_broker(settings: Settings) -> None:
    """Raise BordertallyError unless the broker answers and has every topic with the right number of partitions."""
    admin = await _connect(settings)
    try:
        names = [spec.name for spec in Topics(settings.topic_prefix).specs()]
        counts = await partition_counts(admin, names)
        await ask_for_coordinator(admin, settings)
    finally:
        await admin.close()
    missing = [name for name in names if not counts.get(name)]
    if missing:
        raise BordertallyError(
            f"topics missing on {settings.brokers}: {', '.join(missing)}; create them with: {creation(settings)}"
        )
    _check_counts(settings, counts)


async def ask_for_coordinator(admin: AIOKafkaAdminClient, settings: Settings) -> None:
    """Ask a broker once for the coordinator that keeps the epochs of producers (see agents.kafka.fencing).

    A new Kafka makes the topic of the epochs at the first question, which takes up to a second. Asked this early, the
    broker makes it while the worker starts, and not while the worker waits for its partitions.
    """
    with suppress(KafkaError):
        changelog = Topics(settings.topic_prefix).changelog(Hop.LEDGER.value)
        await admin.find_coordinator(f"{changelog}-0", CoordinationType.TRANSACTION)


async def check_partitions(settings: Settings) -> None:
    """Raise ConfigError if a topic has another number of partitions; a broker or topic that is away may come later."""
    admin = AIOKafkaAdminClient(**kafka_options(settings), request_timeout_ms=10_000)
    try:
        await admin.start()
        counts = await partition_counts(admin, [spec.name for spec in Topics(settings.topic_prefix).specs()])
    except KafkaError:
        return
    finally:
        await admin.close()
    _check_counts(settings, {name: count for name, count in counts.items() if count})


def _check_counts(settings: Settings, counts: Mapping[str, int]) -> None:
    for name, count in counts.items():
        if count != settings.partitions:
            raise ConfigError(
                f"BORDERTALLY_PARTITIONS={settings.partitions}: topic {name} has {count} partitions; set it to {count}"
            )


async def check_access(settings: Settings) -> None:
    """Raise ConfigError if Kafka or Redis answers and refuses access; a server that does not answer may come later."""
    refused = await refusal(settings)
    if refused is not None and refused.certain:
        raise ConfigError(refused.why)
    await check_redis(settings)


async def _connect(settings: Settings) -> AIOKafkaAdminClient:
    refused: Refusal | None = None
    try:
        async for attempt in stamina.retry_context(on=KafkaConnectionError, attempts=None, timeout=PATIENCE_S):
            with attempt:
                admin = AIOKafkaAdminClient(**kafka_options(settings), request_timeout_ms=10_000)
                try:
                    await admin.start()
                except KafkaConnectionError:
                    await admin.close()
                    refused = await refusal(settings)
                    if refused is not None and refused.certain:
                        raise ConfigError(refused.why) from None
                    raise
    except KafkaConnectionError:
        if refused is not None:
            raise ConfigError(refused.why) from None
        raise BordertallyError(
            f"BORDERTALLY_BROKERS={settings.brokers}: no broker answers there ({PATIENCE_S:.0f} s)"
        ) from None
    return admin


def check_port(settings: Settings) -> None:
    """Raise ConfigError if the port of /metrics is taken."""
    if settings.http_port:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.http_host, settings.http_port))
            except OSError as error:
                where = f"BORDERTALLY_HTTP_PORT={settings.http_port}"
                raise ConfigError(f"{where}: cannot listen on {settings.http_host}: {error.strerror}") from None
