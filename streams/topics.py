"""The topics: names, partitions and settings, in the order in which reports flow through them."""

from __future__ import annotations

import enum
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, assert_never

from bordertally.streams.flows import root


def header(headers: Iterable[tuple[str, bytes | None]], name: str) -> bytes | None:
    """The value of the first header of that name that has one; None where there is none."""
    return next((value for each, value in headers if each == name and value), None)


class Topic(enum.StrEnum):
    """The class of a source: the producers' topic its reports go to is `reports.<class>`."""

    GOVERNMENT = "government"
    FRONTEX = "frontex"
    CHECKPOINT = "checkpoint"

    @property
    def in_words(self) -> bool:
        """Whether reports in words are read on the topic: a checkpoint's counter sends figures or nothing."""
        match self:
            case Topic.GOVERNMENT | Topic.FRONTEX:
                return True
            case Topic.CHECKPOINT:
                return False
        assert_never(self)


BIGGEST = 16 * 1024 * 1024
"""Bytes of the biggest message any topic takes: room for a 10 MB report to be refused with its original bytes."""


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


@dataclass(frozen=True)
class Topics:
    """The names of all topics; `prefix` stands before each, so that several pipelines can share a broker."""

    prefix: str = ""

    def reports(self, kind: Topic) -> str:
        """Where sources of a class publish."""
        return f"{self.prefix}reports.{kind.value}"

    def kind(self, topic: str) -> Topic | None:
        """The class of sources that publish on a topic; None for any other topic."""
        return next((kind for kind in Topic if self.reports(kind) == topic), None)

    @property
    def every_report(self) -> tuple[str, ...]:
        """The producers' topics."""
        return tuple(self.reports(kind) for kind in Topic)

    @property
    def rejected(self) -> str:
        """Dead letters."""
        return f"{self.prefix}reports.rejected"

    @property
    def redriven(self) -> str:
        """Which dead letters were sent again."""
        return f"{self.prefix}reports.redriven"

    @property
    def review(self) -> str:
        """Claims out of words that a person has to decide on, and the decisions."""
        return f"{self.prefix}reports.review"

    @property
    def claims(self) -> str:
        """From intake to ledger."""
        return f"{self.prefix}claims"

    @property
    def totals(self) -> str:
        """The newest state of each flow."""
        return f"{self.prefix}totals"

    @property
    def alerts(self) -> str:
        """What was said about each flow, in order."""
        return f"{self.prefix}alerts"

    @property
    def silences(self) -> str:
        """What operators do not want to be told of."""
        return f"{self.prefix}silences"

    @property
    def acknowledgements(self) -> str:
        """Which alerts operators have seen."""
        return f"{self.prefix}acknowledgements"

    @property
    def unsubscribed(self) -> str:
        """Who does not want mail any more."""
        return f"{self.prefix}unsubscribed"

    @property
    def webhooks(self) -> str:
        """How far each webhook subscription has been delivered to."""
        return f"{self.prefix}webhooks"

    @property
    def webhooks_log(self) -> str:
        """Every try to deliver by webhook."""
        return f"{self.prefix}webhooks.log"

    @property
    def clock(self) -> str:
        """Empty records of workers; the broker stamps them with its time."""
        return f"{self.prefix}clock"

    def changelog(self, table: str) -> str:
        """What a table is restored from."""
        return f"{self.prefix}{table}-changelog"

    def specs(self, partitions: int = 8, replication: int = 1) -> list[TopicSpec]:
        """Every topic of the pipeline.

        All have the same number of partitions: a table lives with the partitions of its source. Changing it later
        needs a replay, because the ledger is divided by it (see `partition_of`). With three copies or more, a record is
        acknowledged once two brokers have it: losing one broker then loses nothing and stops nothing.
        """
        of_producers = "producers' reports, one JSON object a message"
        rows: list[tuple[str, dict[str, str], str]] = [
            (self.reports(Topic.GOVERNMENT), _FOREVER | _ARRIVAL, f"governments: {of_producers}"),
            (self.reports(Topic.FRONTEX), _FOREVER | _ARRIVAL, f"Frontex: {of_producers}"),
            (self.reports(Topic.CHECKPOINT), _FOREVER | _ARRIVAL, f"checkpoint counters: {of_producers}"),
            (self.rejected, _FOREVER, "refused messages untouched, with reason, field and value in the headers"),
            (self.redriven, _FOREVER, "which of the refused messages were sent again, and where they stand now"),
            (self.review, _FOREVER, "claims out of words that are not certain, and what reviewers decided on them"),
            (
                self.claims,
                _WEEK,
                "checked claims, one message a partition and intake batch; what origins send to destinations",
            ),
            (self.changelog("ledger"), _COMPACT, "the ledger's table: every claim, by flow and day"),
            (self.totals, _COMPACT, "the state of each flow, keyed by flow; the newest replaces those before"),
            (self.changelog("alerts"), _COMPACT, "the alerts' table: what was said about each flow"),
            (self.alerts, _FOREVER, "every alert record, keyed by flow, kept"),
            (self.silences, _COMPACT, "silences of operators: which alerts nobody is told of, and until when"),
            (self.acknowledgements, _FOREVER, "who has seen which alert, and when"),
            (self.unsubscribed, _COMPACT, "who does not want e-mail any more"),
            (self.webhooks, _COMPACT, "how far each webhook subscription is, and which are disabled"),
            (self.webhooks_log, _WEEK, "every try to deliver an event by webhook"),
            (
                self.clock,
                _WEEK | _ARRIVAL,
                "empty records of workers, stamped by the broker: they compare their clocks",
            ),
        ]
        common = {"max.message.bytes": str(BIGGEST)}
        if replication >= 3:
            common["min.insync.replicas"] = "2"
        return [TopicSpec(name, partitions, replication, common | config, meaning) for name, config, meaning in rows]


def partition_of(flow: str, partitions: int) -> int:
    """The partition of a flow's claims: by the top of its tree, so that a whole tree is added up in one place.

    CRC-32 of the origin's code, or of the destination (`*:RO`), modulo the number of partitions.
    """
    return _partition_of_root(root(flow), partitions)


@lru_cache(maxsize=4096)
def _partition_of_root(top: str, partitions: int) -> int:
    return zlib.crc32(top.encode()) % partitions
