"""Replay: the same arithmetic over reports from files, without any broker, in order of publication."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from bordertally.streams.alerts.lifecycle import Known, advance
from bordertally.streams.alerts.records import Alert
from bordertally.streams.detection.flow_state import flow_state
from bordertally.streams.detection.silence import to_tell
from bordertally.streams.errors import RefusedError
from bordertally.streams.evidence.tallies import tallies_of
from bordertally.streams.evidence.trace import Kept
from bordertally.streams.flows import Flow
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.ledger.rows import Row
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.sources import Registry
from bordertally.streams.reports.validation import Limits
from bordertally.streams.rules.config import Rules
from bordertally.streams.statements.reports import WordReader, anybody, read_claims
from bordertally.streams.topics import Topic
from bordertally.streams.totals.days import day_figures
from bordertally.streams.totals.records import Conflict, DayFigure, FlowState, Noted, Total


class RejectedReport(msgspec.Struct, frozen=True):
    """A refused report, as replay shows it."""

    reason: str
    field: str
    value: str
    report: str | None
    why: str = ""


class ReplayResult(msgspec.Struct, frozen=True):
    """What reports come to: the object that `--json` prints."""

    totals: list[Total]
    days: list[DayFigure]
    alerts: list[Alert]
    conflicts: list[Conflict]
    rejected: list[RejectedReport]
    parts: list[Total]
    noted: list[Noted]


class Read(NamedTuple):
    """Reports read: accepted ones in order of publication, and refusals in order of the lines."""

    reports: list[list[Claim]]
    refused: list[RejectedReport]


class ReplayedReport(NamedTuple):
    """A report as it came: its bytes, when (seconds since 1970 UTC), and whether words are read where it came.

    `topic`: the class whose topic it came on; None where nobody asks who may speak. `headers`: those it came with.
    """

    raw: bytes
    at: float
    in_words: bool = True
    topic: Topic | None = None
    headers: Sequence[tuple[str, bytes]] = ()


def read_all(
    lines: Iterable[bytes],
    registry: Registry,
    now: float,
    limits: Limits | None = None,
    words: WordReader | None = None,
) -> Read:
    """Check lines of NDJSON, empty ones skipped; reports come sorted by time of publication, ties by content.

    `words`: reads reports in words as the intake does; without it they are refused. One that holds nothing certain
    comes to no claims and is left out.
    """
    return read_arrived((ReplayedReport(line.strip(), now) for line in lines if line.strip()), registry, limits, words)


def read_arrived(
    arrived: Iterable[ReplayedReport], registry: Registry, limits: Limits | None = None, words: WordReader | None = None
) -> Read:
    """Check reports as of when each came, as the pipeline did; otherwise like `read_all`."""
    reports, refused = [], []
    for one in arrived:
        try:
            admit = anybody if one.topic is None else registry.gate(one.topic, one.raw, one.headers)
            claims = read_claims(one.raw, registry, one.at, limits, words if one.in_words else None, admit)
        except RefusedError as error:
            refused.append(RejectedReport(error.reason.value, error.field, error.value, error.report, error.why))
        else:
            reports += [claims] if claims else []
    reports.sort(key=lambda claims: (claims[0].published, claims[0].report, msgspec.msgpack.encode(claims)))
    return Read(reports, refused)


class ReplayLedgers:
    """Ledger and alerts in one place: what the pipeline does over Kafka, in memory. Reports go in batch by batch."""

    def __init__(self, registry: Registry, rules: Rules) -> None:
        self.ledger = Ledger()
        self.rules = rules
        self.names = registry.names
        self.states: dict[Flow, FlowState] = {}
        self.known: dict[Flow, list[Known]] = {}
        self.log: list[Alert] = []

    def apply(self, claims: Iterable[Claim]) -> Iterator[Alert]:
        """Apply a batch; yields the alert records it leads to, in order."""
        applied = self.ledger.apply(claims)
        for flow in to_tell(self.ledger, applied.flows, self.rules):
            state = self.states[flow] = flow_state(self.ledger.nodes[flow], self.rules)
            causes = applied.causes.get(flow, ())
            self.known[flow], said = advance(self.known.get(flow, []), state, self.names, causes)
            self.log += said
            yield from said

    def outcome(self, refused: list[RejectedReport]) -> ReplayResult:
        """Everything the reports come to so far; flows in order of their paths."""
        flows = sorted(self.states)
        states = [self.states[flow] for flow in flows]
        return ReplayResult(
            totals=[total for state in states for total in state.totals],
            days=[day for flow in flows for day in day_figures(self.ledger.nodes[flow])],
            alerts=list(self.log),
            conflicts=[conflict for state in states for conflict in state.conflicts],
            rejected=refused,
            parts=[total for state in states for total in state.parts],
            noted=[one for state in states for one in state.noted],
        )


def replay(lines: Iterable[bytes], registry: Registry, rules: Rules, now: float) -> ReplayResult:
    """Read NDJSON reports and work them through, report by report in order of publication."""
    read = read_all(lines, registry, now)
    desk = ReplayLedgers(registry, rules)
    for claims in read.reports:
        for _ in desk.apply(claims):
            pass
    return desk.outcome(read.refused)


def kept_by(desk: ReplayLedgers) -> dict[str, Kept]:
    """What a desk keeps of every flow, as traces read it: statements, tallies of its days, and its newest state."""
    kept = {}
    for flow, state in desk.states.items():
        node = desk.ledger.nodes[flow]
        claims = [claim for series in node.series.values() for claim in series.claims.values()]
        days = sorted({day for series in node.series.values() for day in series.counts.days})
        tallies = {day: tallies_of(desk.ledger.row(Row("r", flow, day))) for day in days}
        kept[str(flow)] = Kept(state, [*claims, *node.noted.values()], tallies)
    return kept
