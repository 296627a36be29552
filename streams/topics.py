"""The topics: names, partitions and settings, in the order in which reports flow through them."""

from __future__ import annotations

import zlib
from typing import NamedTuple

from streams.flows import origin
from streams.sources import Topic

BIGGEST = 16 * 1024 * 1024
"""Bytes of the biggest message any topic takes: room for a 10 MB report to be refused with its original bytes."""

REPORTS = {kind: f"reports.{kind.value}" for kind in Topic}
REJECTED = "reports.rejected"
CLAIMS = "claims"
LEDGER_CHANGELOG = "ledger-changelog"
TOTALS = "totals"
ALERTS_CHANGELOG = "alerts-changelog"
ALERTS = "alerts"


class TopicSpec(NamedTuple):
    """A topic to create. `config` are Kafka's own topic settings."""

    name: str
    partitions: int
    replication: int
    config: dict[str, str]
    meaning: str


_FOREVER = {"cleanup.policy": "delete", "retention.ms": "-1"}
_COMPACT = {"cleanup.policy": "compact"}
_WEEK = {"cleanup.policy": "delete", "retention.ms": str(7 * 24 * 3600 * 1000)}
_ARRIVAL = {"message.timestamp.type": "LogAppendTime"}


def topic_specs(partitions: int = 8, replication: int = 1) -> list[TopicSpec]:
    """Every topic of the pipeline.

    All have the same number of partitions: a table lives with the partitions of its source. Changing it later needs
    a replay, because the ledger is divided by it (see `partition_of`).
    """
    said = "producers' reports, one JSON object a message"
    rows: list[tuple[str, dict[str, str], str]] = [
        (REPORTS[Topic.GOVERNMENT], _FOREVER | _ARRIVAL, f"governments: {said}"),
        (REPORTS[Topic.FRONTEX], _FOREVER | _ARRIVAL, f"Frontex: {said}"),
        (REPORTS[Topic.CHECKPOINT], _FOREVER | _ARRIVAL, f"checkpoint counters: {said}"),
        (REJECTED, _FOREVER, "refused messages untouched, with reason, field and value in the headers"),
        (CLAIMS, _WEEK, "checked claims, one message a partition and intake batch"),
        (LEDGER_CHANGELOG, _COMPACT, "the ledger's table: every claim, by flow and day"),
        (TOTALS, _COMPACT, "the state of each flow, keyed by flow; the newest replaces those before"),
        (ALERTS_CHANGELOG, _COMPACT, "the alerts' table: what was said about each flow"),
        (ALERTS, _FOREVER, "every alert record, keyed by flow, kept"),
    ]
    size = {"max.message.bytes": str(BIGGEST)}
    return [TopicSpec(name, partitions, replication, size | config, meaning) for name, config, meaning in rows]


def partition_of(flow: str, partitions: int) -> int:
    """The partition of a flow's claims: by origin, so that a whole tree is added up in one place.

    CRC-32 of the origin's code, modulo the number of partitions.
    """
    return zlib.crc32(origin(flow).encode()) % partitions
