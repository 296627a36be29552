"""Admission of reports: who may send them, how many a second, and what the intake will accept."""

from __future__ import annotations

import asyncio
import math
import time
from typing import Any

from bordertally.agents.gateway.writes.rate_limit import SharedLimit
from bordertally.agents.kafka.producer import Record
from bordertally.agents.kafka.report_record import record_of
from bordertally.agents.runtime.languages import word_reader
from bordertally.agents.runtime.problems import ProblemError
from bordertally.streams.delivery.metrics import NOBODY
from bordertally.streams.delivery.tokens import Caller
from bordertally.streams.errors import Reason, RefusedError
from bordertally.streams.reports.notices import Tell, untold
from bordertally.streams.reports.records import Report
from bordertally.streams.reports.sources import Registry
from bordertally.streams.reports.validation import Limits, claims_of, decode_report
from bordertally.streams.settings import Settings
from bordertally.streams.topics import Topics

BURST_S = 2.0
"""A source that was quiet may send the reports of this many seconds at once."""


class Admission:
    """Checks reports against the registry. All gateways together limit how many reports a second a source may send."""

    def __init__(self, settings: Settings, registry: Registry, redis: Any) -> None:
        self.settings = settings
        self.topics = Topics(settings.topic_prefix)
        self.limits = Limits.of(settings)
        per_s = settings.gateway_reports_per_s
        self.rate = SharedLimit(redis, per_s, max(1, round(per_s * BURST_S)))
        self.renew(registry)

    def renew(self, registry: Registry) -> None:
        """Check reports against this registry from now on."""
        self.registry, self._words = registry, word_reader(registry)

    @staticmethod
    def check_source(caller: Caller, named: str | None) -> None:
        """Raise ProblemError (403) where a token belongs to another source than a request names; it may name none."""
        if caller.source is not None and named and named != caller.source:
            raise ProblemError(403, f"this token belongs to source {caller.source}", field="source", value=named)

    async def limit(self, source: str, reports: int = 1) -> None:
        """Raise ProblemError (429) where a source sends too many. Reports of unknown sources share one limit.

        Several reports are admitted together; those that follow then wait for as many.
        """
        wait = await self.rate.acquire(source if source in self.registry.sources else NOBODY, reports)
        if wait:
            detail = f"{source} sends more than {self.settings.gateway_reports_per_s:g} reports a second; retry later"
            headers = {"Retry-After": str(math.ceil(wait))}
            raise ProblemError(429, detail, field="source", value=source, headers=headers)

    async def check(self, raw: bytes, tell: Tell = untold) -> Report:
        """The report in bytes, checked as in the intake. Raises ProblemError (413 or 422) with field and reason."""
        now = time.time()
        try:
            report = decode_report(raw, self.limits, tell)
            if report.in_words:  # reading may take seconds
                await asyncio.to_thread(self._words.read, report, now, self.limits)
            else:
                claims_of(report, self.registry, now, self.limits, tell)
        except RefusedError as error:
            status = 413 if error.reason is Reason.TOO_LARGE else 422
            raise ProblemError(
                status,
                str(error),
                field=error.field,
                value=error.value,
                reason=error.reason.value,
                report=error.report,
            ) from None
        return report

    def record(self, raw: bytes, headers: list[tuple[str, bytes]] | None = None) -> Record:
        """The record that stores a report."""
        return record_of(raw, self.registry, self.topics)._replace(headers=headers)
