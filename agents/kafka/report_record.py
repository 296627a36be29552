"""The Kafka record of one report: topic, key and signature."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bordertally.agents.kafka.producer import Record
from bordertally.streams.reports.signatures import signature
from bordertally.streams.reports.sources import Registry, source_of
from bordertally.streams.topics import Topic, Topics


def record_of(raw: bytes, registry: Registry, topics: Topics, key: Ed25519PrivateKey | None = None) -> Record:
    """The record of a report for the topic of its source's class, keyed by source so that reports keep their order.

    `key`: signs the report. A report without a known source goes to the government topic, where the intake refuses it
    with a reason.
    """
    source = source_of(raw)
    entry = registry.sources.get(source)
    topic = topics.reports(Topic.GOVERNMENT if entry is None else entry.topic)
    headers = [signature(key, raw)] if key is not None else None
    return Record(topic, source.encode() or None, raw, headers=headers)
