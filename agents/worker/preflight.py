"""What a worker checks before it starts, so that a wrong set-up is one sentence and not a stack trace."""

from __future__ import annotations

import socket
import ssl
from typing import Any

import stamina
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError

from bordertally.agents.kafka.clients import Refusal, kafka_options, redis_options, refusal
from bordertally.agents.kafka.topics import partition_counts
from bordertally.streams.errors import BordertallyError, ConfigError
from bordertally.streams.security import redis_place
from bordertally.streams.settings import Settings
from bordertally.streams.topics import Topics

PATIENCE_S = 10.0
"""How long a broker that does not answer is tried again: it may be starting beside us."""


async def check_broker(settings: Settings) -> None:
    """Raise BordertallyError unless the broker answers and has every topic with the right number of partitions."""
    admin = await _connect(settings)
    try:
        names = [one.name for one in Topics(settings.topic_prefix).specs()]
        counts = await partition_counts(admin, names)
    finally:
        await admin.close()
    missing = [name for name in names if not counts.get(name)]
    if missing:
        raise BordertallyError(
            f"topics missing on {settings.brokers}: {', '.join(missing)}; make them with: bordertally topics --create"
        )
    for name, count in counts.items():
        if count != settings.partitions:
            raise ConfigError(f"BORDERTALLY_PARTITIONS={settings.partitions}: topic {name} has {count} partitions")


async def check_access(settings: Settings) -> None:
    """Raise ConfigError when Kafka or Redis is there and refuses us; one that is away may come."""
    found = await refusal(settings)
    if found is not None and found.certain:
        raise ConfigError(found.why)
    await check_redis(settings)


async def check_redis(settings: Settings) -> None:
    """Raise ConfigError when Redis is there and refuses us; a worker does without one that is away."""
    if why := await redis_refusal(settings):
        raise ConfigError(why)


async def redis_refusal(settings: Settings) -> str | None:
    """Why Redis refuses us: the password, or its certificate; None when it does not, or is away."""
    from redis.asyncio import Redis  # noqa: PLC0415 - the client costs a start what it need not
    from redis.asyncio.retry import Retry  # noqa: PLC0415 - as above
    from redis.backoff import NoBackoff  # noqa: PLC0415 - as above
    from redis.exceptions import AuthenticationError, NoPermissionError, RedisError  # noqa: PLC0415 - as above

    at = f"BORDERTALLY_REDIS_URL={redis_place(settings)}"
    redis: Any = Redis.from_url(
        **redis_options(settings), socket_timeout=3, socket_connect_timeout=3, retry=Retry(NoBackoff(), 0)
    )
    try:
        await redis.ping()
    except NoPermissionError:  # it knows us, and does not let us ping
        return None
    except AuthenticationError as error:
        return f"{at}: it does not let us in: {error}"
    except (RedisError, OSError) as error:
        return _untrusted(at, error, settings)
    finally:
        await redis.aclose()
    return None


def _untrusted(at: str, error: BaseException, settings: Settings) -> str | None:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        by = f"BORDERTALLY_REDIS_CA_FILE={settings.redis_ca_file or ''}"
        return f"{at}: its certificate is not trusted: {cause.verify_message} ({by})"
    return None if cause is None else f"{at}: no TLS there ({cause})"


async def _connect(settings: Settings) -> AIOKafkaAdminClient:
    found: Refusal | None = None
    try:
        async for attempt in stamina.retry_context(on=KafkaConnectionError, attempts=None, timeout=PATIENCE_S):
            with attempt:
                admin = AIOKafkaAdminClient(**kafka_options(settings), request_timeout_ms=10_000)
                try:
                    await admin.start()
                except KafkaConnectionError:
                    await admin.close()
                    found = await refusal(settings)
                    if found is not None and found.certain:
                        raise ConfigError(found.why) from None
                    raise
    except KafkaConnectionError:
        if found is not None:
            raise ConfigError(found.why) from None
        raise BordertallyError(
            f"BORDERTALLY_BROKERS={settings.brokers}: no broker answers there ({PATIENCE_S:.0f} s)"
        ) from None
    return admin


def check_port(settings: Settings) -> None:
    """Raise ConfigError when the port of /metrics is taken."""
    if settings.http_port:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.http_host, settings.http_port))
            except OSError as error:
                where = f"BORDERTALLY_HTTP_PORT={settings.http_port}"
                raise ConfigError(f"{where}: cannot listen on {settings.http_host}: {error.strerror}") from None
