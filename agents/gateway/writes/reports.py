"""POST /v1/reports, for producers without Kafka: the gateway checks reports as the intake does, then stores them."""

from __future__ import annotations

import asyncio
import logging
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from aiohttp import web

from bordertally.agents.gateway.guard import CALLER
from bordertally.agents.gateway.parameters import AskReport, asked
from bordertally.agents.gateway.responses import Batch, BatchFault, BatchWarning
from bordertally.agents.gateway.writes.admission import Admission
from bordertally.agents.gateway.writes.bodies import JSON, NDJSON, read_body, too_large
from bordertally.agents.gateway.writes.store import Store
from bordertally.agents.runtime.context import log
from bordertally.agents.runtime.problems import ProblemError
from bordertally.agents.runtime.tracing import HEADER as TRACE
from bordertally.agents.runtime.tracing import passed_on
from bordertally.streams.delivery.tokens import Caller
from bordertally.streams.errors import Reason
from bordertally.streams.reports.notices import ReportNotice, refuse_unknown
from bordertally.streams.reports.sources import source_of

MOST_LINES = 10_000
"""The most reports in a batch."""

TURN = 100
"""Reports of a batch that are checked before other requests have a turn."""


class Posting:
    """The route: one report in JSON, or a batch of reports, one a line, in NDJSON."""

    def __init__(self, admission: Admission, store: Store) -> None:
        self.admission, self.store = admission, store

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Store one report, or a batch of them."""
        question = asked(request, AskReport)
        if request.content_type == NDJSON:
            return await self._serve_batch(request, question)
        if question.batch != "each":
            raise ProblemError(400, f"send a batch as {NDJSON}", field="batch", value=question.batch)
        return await self._serve_one(request, strict=bool(question.strict))

    async def _serve_one(self, request: web.Request, *, strict: bool) -> web.StreamResponse:
        """Store one report. 202 says that the broker has stored it, and where; the pipeline counts it later."""
        admission = self.admission
        raw = await read_body(request, "a report", admission.limits.bytes, (JSON, NDJSON))
        if raw is None:
            raise too_large(request, "this report", admission.limits.bytes, Reason.TOO_LARGE)
        caller, named = request[CALLER], source_of(raw)
        admission.check_source(caller, named)
        await admission.limit(caller.source or named)
        notices = list[ReportNotice]()
        report = await admission.check(raw, refuse_unknown if strict else notices.append)
        accepted = await self.store.write(admission.record(raw, passed_on(request.headers.get(TRACE))))
        if log.isEnabledFor(logging.DEBUG):
            place = f"{accepted.topic}/{accepted.partition}/{accepted.offset}"
            log.debug("gateway: report accepted", extra={"report": report.id, "source": named, "place": place})
        if notices:
            accepted = msgspec.structs.replace(accepted, warnings=[str(notice) for notice in notices])
        return web.Response(body=msgspec.json.encode(accepted), status=202, content_type=JSON)

    async def _serve_batch(self, request: web.Request, question: AskReport) -> web.StreamResponse:
        """Store the reports of a batch: each that is right, or all or none.

        202 says that the broker has stored all of them, 207 that some lines are refused, 422 that none is stored.
        """
        most = self.admission.settings.gateway_body_bytes
        raw = await read_body(request, "a batch", most, (NDJSON,))
        if raw is None:
            raise too_large(request, "this batch", most)
        lines = numbered(raw)
        if len(lines) > MOST_LINES:
            raise ProblemError(413, f"this batch has {len(lines):,} reports; at most {MOST_LINES:,} are allowed")
        caller = request[CALLER]
        for source, number in sorted(Counter(caller.source or line.source for line in lines).items()):
            await self.admission.limit(source, number)
        good, batch = await self._checked(lines, caller, strict=bool(question.strict))
        if batch.faults and question.batch == "all":
            good = []
        trace = passed_on(request.headers.get(TRACE))
        await self.store.write_all([self.admission.record(line.raw, trace) for line in good])
        batch = msgspec.structs.replace(batch, stored=len(good))
        status = 422 if lines and not good else 207 if batch.faults else 202
        return web.Response(body=msgspec.json.encode(batch), status=status, content_type=JSON)

    async def _checked(
        self, lines: Sequence[BatchLine], caller: Caller, *, strict: bool
    ) -> tuple[list[BatchLine], Batch]:
        """The lines that may be stored, and what is wrong with the others."""
        good, faults, warnings = list[BatchLine](), list[BatchFault](), list[BatchWarning]()
        for place, line in enumerate(lines):
            if place % TURN == 0:
                await asyncio.sleep(0)
            notices = list[ReportNotice]()
            try:
                self.admission.check_source(caller, line.source)
                await self.admission.check(line.raw, refuse_unknown if strict else notices.append)
            except ProblemError as error:
                faults.append(BatchFault.of(line.number, error.problem))
            else:
                good.append(line)
                warnings += [BatchWarning(line.number, str(notice)) for notice in notices]
        return good, Batch(0, faults, warnings)


class BatchLine(NamedTuple):
    """A line of a batch: its number, from 1, its bytes, and the source that it names."""

    number: int
    raw: bytes
    source: str


def numbered(raw: bytes) -> list[BatchLine]:
    """The lines of a batch that are not empty; a byte order mark before the first is skipped."""
    lines = enumerate(raw.removeprefix(BOM_UTF8).split(b"\n"), 1)
    return [BatchLine(number, line.strip(), source_of(line)) for number, line in lines if line.strip()]
