"""Review on Kafka: reads items and decisions, and publishes decisions."""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bordertally.agents.kafka.clients import connect
from bordertally.agents.kafka.producer import Record, by_kafka, make_producer, send_all
from bordertally.agents.kafka.report_record import record_of
from bordertally.agents.kafka.topic_reader import read_topic
from bordertally.streams.errors import BordertallyError, shown
from bordertally.streams.reports.sources import Registry
from bordertally.streams.reports.validation import Limits
from bordertally.streams.settings import Settings
from bordertally.streams.statements.review import Docket, Item, Verdict, decode, make_turn
from bordertally.streams.statements.review import decide as judge
from bordertally.streams.topics import Topics


class Reviewer(NamedTuple):
    """The source of the registry that decides, its signing key, and how to reach Kafka.

    `timeout_s`: seconds to wait for an acknowledgement.
    """

    source: str
    registry: Registry
    topics: Topics
    settings: Settings
    timeout_s: float = 60.0
    key: Ed25519PrivateKey | None = None


async def load_docket(settings: Settings, topics: Topics) -> Docket:
    """Read the review topic from the beginning. Raises BordertallyError when the topic does not exist."""
    records = [decode(record.value or b"") for record in await read_topic(settings, topics.review)]
    return Docket(record for record in records if record is not None)


def decide(
    reviewer: Reviewer, item: Item, verdict: Verdict, edits: dict[str, Any] | None = None, note: str = ""
) -> list[Record]:
    """Return the records of a decision; the reviewer's report comes first, so a crash loses no decided report.

    Raises RefusedError when the report would be rejected, BordertallyError for a source that is not in the registry,
    or one that signs its reports without `key`.
    """
    now, limits = datetime.now(UTC), Limits.of(reviewer.settings)
    raw, decision = judge(
        item, reviewer.source, verdict, edits=edits or {}, note=note, now=now, registry=reviewer.registry, limits=limits
    )
    records = []
    if raw is not None:
        if reviewer.key is None and reviewer.source in reviewer.registry.keys:
            raise BordertallyError(f"review: source {shown(reviewer.source)} signs its reports; give --key")
        records.append(record_of(raw, reviewer.registry, reviewer.topics, reviewer.key))
    return [*records, Record(reviewer.topics.review, item.id.encode(), msgspec.json.encode(decision))]


async def take_turns(reviewer: Reviewer, names: list[str]) -> dict[str, str | None]:
    """Take the turns of items; returns who is before the reviewer by item, None where the reviewer may decide."""
    turns = [make_turn(name, reviewer.source, datetime.now(UTC), secrets.token_hex(8)) for name in names]
    topic = reviewer.topics.review
    await send(reviewer, [Record(topic, turn.review.encode(), msgspec.json.encode(turn)) for turn in turns])
    docket = await load_docket(reviewer.settings, reviewer.topics)
    return {turn.review: docket.before(turn) for turn in turns}


async def send(reviewer: Reviewer, records: list[Record]) -> None:
    """Publish a decision; each record is acknowledged before the next is sent."""
    producer = make_producer(reviewer.settings, 0.002)
    await connect(producer, reviewer.settings)
    try:
        for record in records:
            await send_all(by_kafka(producer), [record], reviewer.timeout_s)
    finally:
        await asyncio.shield(producer.stop())
