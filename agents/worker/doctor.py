"""The checks of `bordertally doctor`: registry and rules, port, broker, topics and their settings, Redis, clock."""

from __future__ import annotations

import enum
import shlex
import time
from collections.abc import AsyncIterator, Sequence

import msgspec
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bordertally.agents.delivery.redis.access import redis_refusal
from bordertally.agents.kafka.clients import kafka_options, redis_options, refusal
from bordertally.agents.kafka.producer import Writer
from bordertally.agents.runtime.context import load_registry, load_rules
from bordertally.agents.worker.clock import measure
from bordertally.agents.worker.positions import Position, positions
from bordertally.agents.worker.preflight import check_port
from bordertally.streams.errors import BordertallyError
from bordertally.streams.moments import MICRO
from bordertally.streams.security import redis_place
from bordertally.streams.settings import Hop, Settings
from bordertally.streams.topics import Topics, TopicSpec

SKEW_S = 5.0
"""The difference between two clocks, in seconds, that is no finding."""

ANSWER_MS = 5_000


class Health(enum.StrEnum):
    """The result of a check: fine, a weakness, or a fault with which a worker cannot work."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


class Finding(msgspec.Struct, frozen=True):
    """The result of one check, and what to do about it (empty if nothing)."""

    check: str
    health: Health
    found: str
    do: str = ""


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Yield the result of every check, in the order in which things depend on each other."""
    yield _files(settings)
    yield _port(settings)
    async for finding in _broker(settings):
        yield finding
    if Hop.DELIVERY in settings.hops:
        async for finding in _redis(settings):
            yield finding


def _files(settings: Settings) -> Finding:
    try:
        registry = load_registry(settings.sources)
        load_rules(settings.rules, registry)
    except BordertallyError as error:
        return Finding(
            "registry and rules", Health.FAILED, str(error), "correct the file; a worker does not start with it"
        )
    if settings.sources is None:
        return Finding(
            "registry and rules",
            Health.WARNING,
            f"the sample's registry, {len(registry.sources)} sources",
            "set BORDERTALLY_SOURCES to a registry of your own",
        )
    return Finding("registry and rules", Health.OK, f"{len(registry.sources)} sources in {settings.sources}")


def _port(settings: Settings) -> Finding:
    place = f"{settings.http_host}:{settings.http_port}"
    try:
        check_port(settings)
    except BordertallyError as error:
        advice = "fine if a worker on this machine uses it; else choose another BORDERTALLY_HTTP_PORT"
        return Finding("port of /metrics", Health.WARNING, str(error), advice)
    return Finding("port of /metrics", Health.OK, f"{place} is free" if settings.http_port else "turned off")


async def _broker(settings: Settings) -> AsyncIterator[Finding]:
    admin = AIOKafkaAdminClient(**kafka_options(settings), request_timeout_ms=ANSWER_MS)
    try:
        try:
            await admin.start()
        except (KafkaError, OSError):
            if refused := await refusal(settings):
                yield Finding("broker", Health.FAILED, refused.why, "see docs/security.md")
                return
            advice = "start Kafka, or set BORDERTALLY_BROKERS to where it listens"
            yield Finding("broker", Health.FAILED, f"no broker answers at {settings.brokers}", advice)
            return
        yield Finding("broker", Health.OK, f"answers at {settings.brokers}")
        specs = Topics(settings.topic_prefix).specs(settings.partitions, settings.replication)
        described = {
            topic["topic"]: topic["partitions"] for topic in await admin.describe_topics([x.name for x in specs])
        }
        for finding in topics_found(specs, {name: [len(p["replicas"]) for p in ps] for name, ps in described.items()}):
            yield finding
        there = [spec for spec in specs if described.get(spec.name)]
        if there:
            yield await _topic_settings(admin, there, settings.brokers)
            try:
                yield positions_found(await positions(admin, settings))
            except BordertallyError as error:
                yield Finding("positions", Health.FAILED, str(error), "if it lasts, look at the broker's log")
            if described.get(Topics(settings.topic_prefix).clock):
                yield await _clock(settings)
    except (KafkaError, OSError, TimeoutError) as error:
        yield Finding("topics", Health.FAILED, f"{type(error).__name__}: {error}", "look at the broker's log")
    finally:
        await admin.close()


async def _clock(settings: Settings) -> Finding:
    writer = Writer(settings)
    try:
        return clock_found(await measure(writer, settings), settings.clock_limit_s)
    finally:
        await writer.stop()


def topics_found(specs: Sequence[TopicSpec], copies: dict[str, list[int]]) -> list[Finding]:
    """Compare topics with their specification. `copies`: by topic, the number of replicas of each partition."""
    missing = [spec.name for spec in specs if not copies.get(spec.name)]
    wrong = []
    if missing:
        advice = "bordertally topics --create"
        wrong.append(Finding("topics", Health.FAILED, f"missing: {', '.join(missing)}", advice))
    there = [x for x in specs if x.name not in missing]
    odd = [f"{x.name} has {len(copies[x.name])}" for x in there if len(copies[x.name]) != x.partitions]
    if odd:
        wanted = f"BORDERTALLY_PARTITIONS={specs[0].partitions}, but {', '.join(odd)} partitions"
        advice = "set BORDERTALLY_PARTITIONS to the number that the topics have"
        if len(odd) < len(there):
            advice = "all topics need the same number; docs/scale.md says how to change it without losing reports"
        wrong.append(Finding("topics", Health.FAILED, wanted, advice))
    if wrong:
        return wrong
    findings = [Finding("topics", Health.OK, f"{len(specs)} with {specs[0].partitions} partitions each")]
    few = [spec.name for spec in specs if min(copies[spec.name]) < spec.replication]
    if few:
        advice = "move them with kafka-reassign-partitions.sh, or lower BORDERTALLY_REPLICATION"
        findings.append(
            Finding("copies", Health.WARNING, f"less than {specs[0].replication}: {', '.join(few)}", advice)
        )
    elif specs[0].replication == 1:
        advice = "on a cluster, set BORDERTALLY_REPLICATION to 3 before you create the topics"
        findings.append(
            Finding("copies", Health.WARNING, "one copy of each topic: losing a broker loses its data", advice)
        )
    return findings


def positions_found(held: Sequence[Position]) -> Finding:
    """Compare the positions of the consumer groups with the records that the broker has."""
    faults = [fault for position in held if (fault := position.fault)]
    if faults:
        return Finding("positions", Health.FAILED, "; ".join(faults), "see docs/runbooks/BordertallyRecordsLost.md")
    return Finding("positions", Health.OK, f"the broker has the next record of all {len(held)} committed positions")


async def _topic_settings(admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec], brokers: str) -> Finding:
    asked = [ConfigResource(ConfigResourceType.TOPIC, spec.name) for spec in specs]
    try:
        answers = await admin.describe_configs(asked)
    except KafkaError as error:
        return Finding("topic settings", Health.WARNING, f"the broker does not show them: {error}", "")
    settings = {row[3]: {entry[0]: entry[1] for entry in row[4]} for answer in answers for row in answer.resources}
    return settings_found(specs, settings, brokers)


def settings_found(specs: Sequence[TopicSpec], settings: dict[str, dict[str, str]], brokers: str) -> Finding:
    """Compare the settings of topics, by topic, with their specification. `brokers`: where they can be changed."""
    wrong = [
        (spec.name, key, wanted, settings[spec.name][key])
        for spec in specs
        for key, wanted in spec.config.items()
        if key in settings.get(spec.name, {}) and settings[spec.name][key] != wanted
    ]
    if not wrong:
        return Finding("topic settings", Health.OK, "as specified")
    differences = "; ".join(f"{topic} has {key}={is_}, not {wanted}" for topic, key, wanted, is_ in wrong)
    changes = [f"--topic {topic} --add-config {key}={wanted}" for topic, key, wanted, _ in wrong]
    advice = " && ".join(f"kafka-configs.sh --bootstrap-server {brokers} --alter {change}" for change in changes)
    return Finding("topic settings", Health.FAILED, differences, advice)


async def _redis(settings: Settings) -> AsyncIterator[Finding]:
    redis = Redis.from_url(**redis_options(settings), socket_timeout=3, socket_connect_timeout=3)
    try:
        seconds, micros = await redis.time()
        ahead = time.time() - (seconds + micros / MICRO)
        policy = (await redis.info("memory")).get("maxmemory_policy", "noeviction")
    except (RedisError, OSError, TimeoutError) as error:
        if why := await redis_refusal(settings):
            yield Finding("Redis", Health.FAILED, why, "see docs/security.md")
            return
        advice = "start Redis, or set BORDERTALLY_REDIS_URL; workers run without Redis, but subscribers see old figures"
        yield Finding("Redis", Health.WARNING, f"does not answer: {_first_line(error)}", advice)
        return
    finally:
        await redis.aclose()
    if policy == "noeviction":
        yield Finding("Redis", Health.OK, "answers, and evicts nothing")
    else:
        advice = f"redis-cli -u {shlex.quote(redis_place(settings))} config set maxmemory-policy noeviction"
        yield Finding(
            "Redis", Health.WARNING, f"maxmemory-policy is {policy}: Redis may evict totals and alerts", advice
        )
    yield redis_clock_found(ahead)


def clock_found(ahead_s: float | None, limit_s: float) -> Finding:
    """Compare this machine's clock with the broker's. `ahead_s`: seconds by which this clock is ahead, if known."""
    if ahead_s is None:
        return Finding("clock", Health.OK, "not compared: this broker does not tell its time")
    which = "ahead of" if ahead_s > 0 else "behind"
    found = f"{abs(ahead_s):,.0f} s {which} the broker's clock"
    advice = "run an NTP client on both machines"
    if abs(ahead_s) > limit_s:
        waits = "; workers with this clock wait before they join (BORDERTALLY_CLOCK_LIMIT_S)"
        return Finding("clock", Health.FAILED, found, advice + waits)
    if abs(ahead_s) > SKEW_S:
        refused = "; reports from the future are refused (BORDERTALLY_SKEW_S)"
        return Finding("clock", Health.WARNING, found, advice + refused)
    return Finding("clock", Health.OK, f"within {SKEW_S:.0f} s of the broker's clock")


def redis_clock_found(ahead_s: float) -> Finding:
    """Compare the clock of this machine with that of Redis, which the rate limit of the gateways goes by."""
    if abs(ahead_s) <= SKEW_S:
        return Finding("clock of Redis", Health.OK, f"within {SKEW_S:.0f} s of this machine's clock")
    which = "behind" if ahead_s > 0 else "ahead of"
    advice = "run an NTP client on both machines"
    found = f"{abs(ahead_s):,.0f} s {which} this machine's clock"
    return Finding("clock of Redis", Health.WARNING, found, advice)


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
