"""Replay report by report, as one would by hand: what replay hour by hour is measured by."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from bordertally.streams.errors import RefusedError
from bordertally.streams.replay.ledgers import ReplayLedgers
from bordertally.streams.replay.reports_by_hour import RejectedReport, ReplayedReport
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.sources import Registry
from bordertally.streams.rules.config import Rules
from bordertally.streams.statements.reports import WordReader, anybody, read_claims


class ReportsRead(NamedTuple):
    """Reports read: the claims of accepted ones in order of publication, and refusals in order of the lines."""

    reports: list[list[Claim]]
    refused: list[RejectedReport]


def read_all(lines: Iterable[bytes], registry: Registry, now: float, words: WordReader | None = None) -> ReportsRead:
    """Check lines of NDJSON, empty ones skipped, that all come at `now` (seconds since 1970 UTC)."""
    came = int(now * 1000)
    return read_arrived((ReplayedReport(line.strip(), came) for line in lines if line.strip()), registry, words)


def read_arrived(arrived: Iterable[ReplayedReport], registry: Registry, words: WordReader | None = None) -> ReportsRead:
    """Check reports one by one, each as of when it came; reports are sorted by publication, ties by content."""
    reports, refused = [], []
    for report in arrived:
        admit = anybody if report.topic is None else registry.gate(report.topic, report.value, report.headers)
        reader = words if report.in_words else None
        try:
            claims = read_claims(report.value, registry, report.timestamp / 1000, None, reader, admit)
        except RefusedError as error:
            refused.append(RejectedReport(error.reason.value, error.field, error.value, error.report, error.why))
        else:
            reports += [claims] if claims else []
    reports.sort(key=lambda claims: (claims[0].published, claims[0].report, msgspec.msgpack.encode(claims)))
    return ReportsRead(reports, refused)


def one_by_one(reports: Iterable[Iterable[Claim]], registry: Registry, rules: Rules) -> ReplayLedgers:
    """What reports come to, each a batch of its own."""
    ledgers = ReplayLedgers(registry, rules)
    for claims in reports:
        for _ in ledgers.apply(claims):
            pass
    return ledgers
