"""What totals by destination cost: ledger and alerts in one process, with and without figures of corridors, in turn.

Run from `tests`: `python -m benchmarks.destinations [ROUNDS]`. Both arms get the same batches, and each begins every
other round. Kafka is left out, so the ratio is that of the arithmetic.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import msgspec

from benchmarks.stream import Shape, registry, stream
from bordertally.streams.alerts.lifecycle import Known, advance
from bordertally.streams.detection.corridors.figures import corridor_figures
from bordertally.streams.detection.flow_state import alerting_state, told_episodes, written_state
from bordertally.streams.flows import Flow, destination_of
from bordertally.streams.ledger.corridors.records import decode_message, messages_of
from bordertally.streams.ledger.ledger import Applied, Ledger
from bordertally.streams.reports.batching import Sorter
from bordertally.streams.reports.claims import Claim, Claims
from bordertally.streams.reports.readings import Readings
from bordertally.streams.reports.sources import parse_registry
from bordertally.streams.reports.validation import Limits
from bordertally.streams.rules.config import Rules

WARM = 20_000
"""Reports before the first round."""


class Feed(NamedTuple):
    """How reports arrive: how many a flush, and after how many flushes corridors are sent (see agents/hops/ledger)."""

    name: str
    batch: int
    flushes: int


FEEDS = (Feed("live, 1,000 reports/s", 50, 5), Feed("live, 200 reports/s", 10, 5), Feed("backlog", 5_000, 1))


class RawReport(NamedTuple):
    """A report as it comes from Kafka."""

    value: bytes
    timestamp: int = 1_700_000_000_000
    headers: Sequence[tuple[str, bytes]] = ()


class Arm:
    """Intake, ledger and alerts of one partition. `destinations`: whether corridors are sent."""

    def __init__(self, *, destinations: bool) -> None:
        self.destinations, self.rules, self.spent = destinations, Rules(), 0.0
        self.registry = parse_registry(registry(), "sources.toml")
        self.sorter, self.ledger = Sorter(self.registry, Limits(), 1), Ledger()
        self.sorter.turn_to(None, stamped=False)
        self.known: dict[Flow, list[Known]] = {}
        self.unsent: dict[Flow, set[int]] = {}
        self.published = 0

    def take(self, reports: Sequence[RawReport], *, send: bool) -> None:
        """Count a batch, as one flush of the hops does."""
        started = time.process_time()
        refused = list(self.sorter.add_all(reports))
        assert not refused, refused[0]
        self._flush(self.ledger.apply(*_claims(self.sorter)))
        if send and self.unsent:
            unsent, self.unsent = self.unsent, {}
            figures = [
                corridor_figures(
                    self.ledger.nodes[flow], self.rules, days, (), self.ledger.next_version(flow, self.published)
                )
                for flow, days in unsent.items()
            ]
            for message in messages_of(figures):
                read = decode_message(msgspec.msgpack.encode(message))
                self._flush(self.ledger.apply((), (), read.corridors))
        self.spent += time.process_time() - started

    def _flush(self, applied: Applied) -> None:
        for row in applied.rows:
            self.ledger.row(row)
        days = self.ledger.days_told(applied)
        for flow in applied.flows:
            node = self.ledger.nodes[flow]
            written_state(node, self.rules, days.get(flow, ()))
            state = alerting_state(node, self.rules, told_episodes(node, self.rules.of(flow)))
            self.known[flow], _ = advance(
                self.known.get(flow, []), state, self.registry.names, applied.causes.get(flow, ()), 30
            )
            self.published += 1
            if self.destinations and destination_of(flow) is not None and not flow.startswith("*"):
                self.unsent.setdefault(flow, set()).update(days.get(flow, ()))


def _claims(sorter: Sorter) -> tuple[list[Claim], list[Readings]]:
    messages: list[Claims] = [message for _, message in sorter.messages()]
    claims = [claim for message in messages for claim in message.claims]
    return claims, [readings for message in messages for readings in message.readings]


def batches(reports: Iterator[RawReport], feed: Feed) -> Iterator[tuple[list[RawReport], bool]]:
    """Batches, and whether the corridors are sent after each."""
    number = 0
    while batch := list(islice(reports, feed.batch)):
        number += 1
        yield batch, number % feed.flushes == 0


def measured(feed: Feed, rounds: int) -> str:
    """Microseconds of processor time a report without and with destinations, and their ratio."""
    lines = stream(Shape(days=20, slots=40))
    reports = (RawReport(json.dumps(line).encode()) for line in lines)
    arms = [Arm(destinations=False), Arm(destinations=True)]
    warm = list(islice(reports, WARM))
    for arm in arms:
        arm.take(warm, send=True)
        arm.spent = 0.0
    counted = 0
    for turn, (batch, send) in enumerate(islice(batches(reports, feed), rounds * feed.flushes)):
        for arm in arms if turn % 2 else reversed(arms):
            arm.take(batch, send=send)
        counted += len(batch)
    off, on = (arm.spent / counted * 1e6 for arm in arms)
    return f"{feed.name}: {counted:,} reports, {off:.1f} us without, {on:.1f} us with destinations: {on / off:.2f} x"


if __name__ == "__main__":
    for each in FEEDS:
        sys.stdout.write(f"{measured(each, int(sys.argv[1]) if len(sys.argv) > 1 else 40)}\n")
