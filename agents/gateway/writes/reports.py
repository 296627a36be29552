"""POST /v1/reports, for producers without Kafka: the gateway checks a report as the intake does, then stores it."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from typing import Any

import msgspec
from aiohttp import web

from bordertally.agents.gateway.guard import CALLER
from bordertally.agents.gateway.parameters import AskReport, asked
from bordertally.agents.gateway.problems import ProblemError
from bordertally.agents.gateway.writes.bodies import json_body
from bordertally.agents.gateway.writes.rate_limit import SharedLimit
from bordertally.agents.gateway.writes.store import Store
from bordertally.agents.kafka.report_record import record_of
from bordertally.agents.runtime.context import log
from bordertally.agents.runtime.languages import word_reader
from bordertally.agents.runtime.tracing import HEADER as TRACE
from bordertally.agents.runtime.tracing import passed_on
from bordertally.streams.delivery.metrics import NOBODY
from bordertally.streams.errors import Reason, RefusedError
from bordertally.streams.reports.notices import ReportNotice, Tell, refuse_unknown, untold
from bordertally.streams.reports.records import Report
from bordertally.streams.reports.sources import Registry, source_of
from bordertally.streams.reports.validation import Limits, claims_of, decode_report
from bordertally.streams.settings import Settings
from bordertally.streams.topics import Topics

BURST_S = 2.0
"""A source that was quiet may send the reports of this many seconds at once."""


class Posting:
    """The route. All gateways together limit how many reports a second a source may send."""

    def __init__(self, settings: Settings, registry: Registry, store: Store, redis: Any) -> None:
        self.settings, self.store = settings, store
        self.topics = Topics(settings.topic_prefix)
        self.limits = Limits.of(settings)
        per_s = settings.gateway_reports_per_s
        self.rate = SharedLimit(redis, per_s, max(1, round(per_s * BURST_S)))
        self.renew(registry)

    def renew(self, registry: Registry) -> None:
        """Check reports against this registry from now on."""
        self.registry, self._words = registry, word_reader(registry)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Store one report. 202 says that the broker has stored it, and where; the pipeline counts it later."""
        most, strict = self.limits.bytes, asked(request, AskReport).strict
        raw = await json_body(request, "a report", most)
        if raw is None:
            size = f"{request.content_length:,}" if request.content_length else f"more than {most:,}"
            why = f"this report has {size} bytes; at most {most:,} are allowed"
            raise ProblemError(413, why, reason=Reason.TOO_LARGE, headers={"Connection": "close"})
        source = request[CALLER].source
        named = source_of(raw)
        if source is not None and named not in ("", source):
            raise ProblemError(403, f"this token belongs to source {source}", field="source", value=named)
        await self._limit(source or named)
        notices = list[ReportNotice]()
        report = await self._check(raw, refuse_unknown if strict else notices.append)
        record = record_of(raw, self.registry, self.topics)
        accepted = await self.store.write(record._replace(headers=passed_on(request.headers.get(TRACE))))
        if log.isEnabledFor(logging.DEBUG):
            place = f"{accepted.topic}/{accepted.partition}/{accepted.offset}"
            log.debug("gateway: report accepted", extra={"report": report.id, "source": named, "place": place})
        if notices:
            accepted = msgspec.structs.replace(accepted, warnings=[str(notice) for notice in notices])
        return web.Response(body=msgspec.json.encode(accepted), status=202, content_type="application/json")

    async def _limit(self, source: str) -> None:
        """Raise ProblemError (429) where a source sends too many. Reports of unknown sources share one limit."""
        wait = await self.rate.acquire(source if source in self.registry.sources else NOBODY)
        if wait:
            detail = f"{source} sends more than {self.settings.gateway_reports_per_s:g} reports a second; retry later"
            headers = {"Retry-After": str(math.ceil(wait))}
            raise ProblemError(429, detail, field="source", value=source, headers=headers)

    async def _check(self, raw: bytes, tell: Tell = untold) -> Report:
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
