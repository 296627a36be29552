"""The commands `webhooks list`, `log`, `test`, `replay`, `enable` and `secret`."""

from __future__ import annotations

import asyncio
import base64
import secrets as random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from aiokafka import AIOKafkaConsumer, TopicPartition

from bordertally.agents.delivery.webhooks.endpoints import PREFIX, Endpoint, load_endpoints
from bordertally.agents.delivery.webhooks.lane import glance
from bordertally.agents.delivery.webhooks.send import REFUSED_TARGET, Sender
from bordertally.agents.delivery.webhooks.states import States, disabled_record
from bordertally.agents.kafka.clients import connect, kafka_options
from bordertally.agents.kafka.producer import by_kafka, make_producer, send_all
from bordertally.agents.kafka.topic_reader import read_topic
from bordertally.agents.runtime.context import Context, load_registry
from bordertally.agents.terminal.console import (
    AsJson,
    Sources,
    To,
    err,
    moment_of,
    out,
    print_json,
    run,
    settings_for,
    table,
)
from bordertally.agents.worker.preflight import check_broker
from bordertally.streams.delivery.webhook_lane import Attempt, Reply, body, fingerprint, webhook_id
from bordertally.streams.errors import BordertallyError, shown
from bordertally.streams.moments import text_at
from bordertally.streams.settings import Settings, load_settings
from bordertally.streams.topics import Topics
from bordertally.streams.url_policy import allowed_networks, site

webhooks = typer.Typer(help="Manage webhook subscriptions (BORDERTALLY_WEBHOOKS).", no_args_is_help=True)

File = Annotated[
    Path | None, typer.Option("--webhooks", envvar="BORDERTALLY_WEBHOOKS", help="The file of subscriptions (TOML).")
]
Name = Annotated[str, typer.Argument(help="The name of a subscription.")]
PATIENCE_S = 20.0
SECRET_BYTES = 32


@webhooks.command(name="list")
def list_subscriptions(file: File = None, to: To = None, sources: Sources = None, as_json: AsJson = False) -> None:
    """List the subscriptions: their receiver, filters, state, and events that wait."""
    endpoints = _endpoints(file, sources)
    rows = run(_standing(_settings(to), endpoints))
    if as_json:
        print_json({"subscriptions": rows})
        return
    listed = table("subscription", "to", "flows", "severities", "keys", "state", "waiting", "last delivered", "failing")
    for row in rows:
        off = row["disabled"]
        state = "on" if off is None else f"disabled since {_moment(off['since'])} ({off['status']})"
        cells = [row["name"], row["site"], ", ".join(row["flows"]), ", ".join(row["severities"]), str(row["keys"])]
        cells += [
            state,
            str(row["waiting"]),
            _moment(row["delivered"]),
            f"{row['fails']} times" if row["fails"] else "",
        ]
        listed.add_row(*cells)
    out.print(listed)


async def _standing(settings: Settings, endpoints: dict[str, Endpoint]) -> list[dict[str, Any]]:
    async with _states(settings) as states:
        topic = Topics(settings.topic_prefix).alerts
        ends = await _ends(settings, topic)
        rows = []
        for name, endpoint in endpoints.items():
            lanes = {
                partition: lane for (subscription, partition), lane in states.lanes.items() if subscription == name
            }
            unread = sum(max(0, ends[partition] - lane.next) for partition, lane in lanes.items())
            disabled = states.disabled.get(name)
            off = disabled if disabled is not None and disabled.url == fingerprint(endpoint.url) else None
            rows.append(
                {
                    "name": name,
                    "site": site(endpoint.url),
                    "flows": endpoint.subscription.flows,
                    "severities": endpoint.subscription.severities,
                    "keys": len(endpoint.keys),
                    "disabled": None if off is None else {"since": off.since, "status": off.status},
                    "waiting": sum(lane.count for lane in lanes.values()) + unread,
                    "quiet": sum(len(lane.quiet) for lane in lanes.values()),
                    "fails": max((lane.fails for lane in lanes.values()), default=0),
                    "delivered": max((lane.delivered for lane in lanes.values()), default=0.0),
                    "failed": max((lane.failed for lane in lanes.values()), default=0.0),
                }
            )
        return rows


@webhooks.command()
def log(
    name: Annotated[str | None, typer.Argument(help="The name of a subscription. Default: all.")] = None,
    to: To = None,
    last: Annotated[int, typer.Option("--last", min=1, help="How many attempts to show.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show the latest delivery attempts."""
    settings = _settings(to)
    records = run(read_topic(settings, Topics(settings.topic_prefix).webhooks_log))
    attempts = [msgspec.json.decode(record.value, type=Attempt) for record in records if record.value]
    shown = [attempt for attempt in attempts if name in (None, attempt.subscription)][-last:]
    if as_json:
        print_json({"attempts": shown})
        return
    listed = table("at", "subscription", "webhook-id", "flow", "try", "verdict", "answer", "ms", "next try")
    for row in shown:
        answer = " ".join(str(part) for part in (row.status, row.error) if part)
        due = "" if row.due is None else _moment(row.due)
        cells = [_moment(row.at), row.subscription, row.webhook_id, row.flow, str(row.attempt), row.verdict.value]
        listed.add_row(*cells, answer, f"{row.ms:.0f}", due)
    out.print(listed)


@webhooks.command(name="test")
def send_test(name: Name, file: File = None, sources: Sources = None) -> None:
    """Send a test event now and show the response."""
    endpoint = _one(name, _endpoints(file, sources))
    payload = body("test", text_at(time.time()), msgspec.json.encode({"subscription": name}))
    event = f"test-{random.token_hex(8)}"

    async def send() -> Reply:
        async with _sender(endpoint) as sender:
            return await sender.send(event, payload)

    if not _show(name, event, run(send())):
        raise typer.Exit(1)


@webhooks.command()
def replay(  # noqa: PLR0913, PLR0917 - the options of a command
    name: Name,
    since: Annotated[str, typer.Option("--since", help="Begin at a time (ISO 8601), or 30m, 12h or 3d ago.")] = "1d",
    alert: Annotated[str | None, typer.Option("--alert", help="Only the events of this alert (its id).")] = None,
    file: File = None,
    to: To = None,
    sources: Sources = None,
) -> None:
    """Send past events of a subscription again, in order and with their ids.

    It stops at the first event that is not delivered.
    """
    endpoint, settings = _one(name, _endpoints(file, sources)), _settings(to)
    begin = moment_of(since, "--since", datetime.now(UTC))

    async def send() -> tuple[int, bool]:
        records = await read_since(settings, Topics(settings.topic_prefix).alerts, begin)
        count = 0
        async with _sender(endpoint) as sender:
            for record in records:
                head = glance(record)
                if head is None or alert not in (None, head.id):
                    continue
                if not endpoint.subscription.wants(head.flow, (head.severity, head.peak_severity)):
                    continue
                event = webhook_id(head.id, head.seq)
                payload = body(f"alert.{head.state}", text_at(record.timestamp / 1000), record.value or b"{}")
                if not _show(name, event, await sender.send(event, payload)):
                    return count, False
                count += 1
        return count, True

    count, whole = run(send())
    err.print(f"{count} events delivered", highlight=False)
    if not whole:
        raise typer.Exit(1)


@webhooks.command()
def enable(name: Name, file: File = None, to: To = None, sources: Sources = None) -> None:
    """Enable a disabled subscription; it resumes where it stopped."""
    _one(name, _endpoints(file, sources))
    settings = _settings(to)

    async def send() -> bool:
        async with _states(settings) as states:
            if name not in states.disabled:
                return False
        producer = make_producer(settings, 0.002)
        await connect(producer, settings)
        try:
            record = disabled_record(Topics(settings.topic_prefix).webhooks, name, None)
            await send_all(by_kafka(producer), [record], settings.acknowledge_s)
        finally:
            await asyncio.shield(producer.stop())
        return True

    outcome = "enabled" if run(send()) else "it is not disabled"
    err.print(f"{name}: {outcome}", markup=False, highlight=False)


@webhooks.command()
def secret() -> None:
    """Make a secret for signing.

    Give it to the receiver, and put it in the file that the subscription refers to.
    """
    text = PREFIX + base64.b64encode(random.token_bytes(SECRET_BYTES)).decode()
    out.print(text, markup=False, highlight=False, soft_wrap=True)


# --- shared -------------------------------------------------------------------------------------------


def _settings(to: str | None) -> Settings:
    """The settings, once it is certain that the topics have the partitions that they say."""
    settings = settings_for(to)
    run(check_broker(settings))
    return settings


def _endpoints(file: Path | None, sources: Path | None) -> dict[str, Endpoint]:
    if file is None:
        raise BordertallyError("no file of subscriptions: set BORDERTALLY_WEBHOOKS, or name the file with --webhooks")
    return load_endpoints(file, load_registry(sources)).by_name


def _one(name: str, endpoints: dict[str, Endpoint]) -> Endpoint:
    if name not in endpoints:
        raise BordertallyError(f"{shown(name)} is not a subscription; the file has {', '.join(endpoints) or 'none'}")
    return endpoints[name]


@asynccontextmanager
async def _sender(endpoint: Endpoint) -> AsyncIterator[Sender]:
    settings = load_settings()
    sender = Sender(endpoint, PATIENCE_S, allowed_networks(settings.webhook_allow))
    try:
        yield sender
    finally:
        await sender.close()


@asynccontextmanager
async def _states(settings: Settings) -> AsyncIterator[States]:
    """The stored state of all subscriptions, as it is now."""
    states = States(Context.load(settings))
    await states.start()
    try:
        async with asyncio.timeout(PATIENCE_S):
            await states.caught_up()
        yield states
    finally:
        await states.stop()


async def _ends(settings: Settings, topic: str) -> dict[int, int]:
    consumer = AIOKafkaConsumer(**kafka_options(settings))
    await connect(consumer, settings)
    try:
        ends = await consumer.end_offsets(
            [TopicPartition(topic, partition) for partition in range(settings.partitions)]
        )
        return {tp.partition: end for tp, end in ends.items()}
    finally:
        await consumer.stop()


async def read_since(settings: Settings, topic: str, begin: datetime) -> list[Any]:
    """The records of a topic since a time, partition by partition, in order of offset."""
    consumer = AIOKafkaConsumer(**kafka_options(settings), enable_auto_commit=False, isolation_level="read_committed")
    await connect(consumer, settings)
    try:
        parts = [TopicPartition(topic, partition) for partition in range(settings.partitions)]
        ends = await consumer.end_offsets(parts)
        begins = await consumer.offsets_for_times(dict.fromkeys(parts, int(begin.timestamp() * 1000)))
        left = {tp for tp in parts if begins[tp] is not None and begins[tp].offset < ends[tp]}
        consumer.assign(list(left))
        for tp in left:
            consumer.seek(tp, begins[tp].offset)
        collected: list[Any] = []
        while left:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                collected += records
            for tp in list(left):
                if await consumer.position(tp) >= ends[tp]:
                    left.discard(tp)
        collected = [record for record in collected if record.offset < ends[TopicPartition(topic, record.partition)]]
        return sorted(collected, key=lambda record: (record.partition, record.offset))
    finally:
        await consumer.stop()


def _show(name: str, event: str, reply: Reply) -> bool:
    """Print the result of an attempt; returns whether the event was delivered."""
    good = reply.status is not None and 200 <= reply.status < 300
    answer = reply.status if reply.status is not None else reply.error
    if answer == REFUSED_TARGET:
        answer = f"{REFUSED_TARGET}: allow its network with BORDERTALLY_WEBHOOK_ALLOW, as 127.0.0.0/8"
    err.print(f"{name}: {event}: {'delivered' if good else 'not delivered'} ({answer})", markup=False, highlight=False)
    return good


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}" if seconds else "never"
