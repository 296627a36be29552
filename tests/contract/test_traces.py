"""A report followed from its producer to the alert by a trace that a collector receives, on a real broker."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from prometheus_client.parser import text_string_to_metric_families

from answering import answering
from bordertally.agents.kafka.producer import Record
from bordertally.agents.servers.ports import free_port
from live import Live, page, until
from webhooks.receiver import Receiver, receiving

pytestmark = pytest.mark.kafka

SECRET = "whsec_" + "dHJhY2U" * 6
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
REPORT = {
    "id": "ge-1", "source": "ge-mia", "published": "2022-09-27T09:00:00Z", "flow": "RU:GE", "period": "2022-09-26",
    "people": 10_000, "qualifier": "stated", "normal": {"daily": 5_000}, "text": "10,000 came from Russia on Monday.",
}  # fmt: skip


class Collector:
    """Takes spans as OTLP over HTTP."""

    def __init__(self) -> None:
        self.port = free_port()
        self.spans: list[Span] = []

    async def take(self, request: web.Request) -> web.Response:
        message = ExportTraceServiceRequest.FromString(await request.read())
        for resource in message.resource_spans:
            for scope in resource.scope_spans:
                self.spans += scope.spans
        return web.Response()

    def of_trace(self) -> dict[str, Span]:
        """The spans of the report's trace, by name: of the ledger the first, which has read the report."""
        return {span.name: span for span in reversed(self.spans) if span.trace_id.hex() == TRACE}


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    collector = Collector()
    app = web.Application()
    app.router.add_post("/v1/traces", collector.take)
    async with answering(app, collector.port):
        yield collector


def total_seconds(text: str, name: str) -> tuple[float, float]:
    """How often a histogram was observed, and the sum."""
    (family,) = [family for family in text_string_to_metric_families(text) if family.name == f"bordertally_{name}"]
    values = {sample.name.rpartition("_")[2]: sample.value for sample in family.samples}
    return values["count"], values["sum"]


@pytest.fixture
async def receiver(tmp_path: Path) -> AsyncIterator[Receiver]:
    """Who subscribed to all alerts, by the file `webhooks.toml`."""
    (tmp_path / "secret").write_text(SECRET)
    async with receiving(SECRET) as webhook:
        subscription = f'[subscriptions.desk]\nurl = "{webhook.url()}"\nsecrets = ["file:secret"]\n'
        (tmp_path / "webhooks.toml").write_text(subscription)
        yield webhook


async def test_a_report_is_followed_to_its_alert_and_to_who_is_told(
    live_on_kafka: Live, collector: Collector, receiver: Receiver, tmp_path: Path
) -> None:
    live, topics = live_on_kafka, live_on_kafka.topics
    headers = [("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01".encode())]
    report = json.dumps(REPORT).encode()
    await live.send([Record(topics.every_report[0], b"ge-mia", report, headers=headers)])  # and it waits
    worker = await asyncio.to_thread(
        live.worker,
        BORDERTALLY_TRACES="true",
        BORDERTALLY_HOPS="intake,ledger,alerts,delivery,webhooks",
        BORDERTALLY_WEBHOOKS=str(tmp_path / "webhooks.toml"),
        BORDERTALLY_WEBHOOK_ALLOW="127.0.0.1",
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{collector.port}",
        OTEL_BSP_SCHEDULE_DELAY="50",
    )
    (alert,) = await live.records(topics.alerts, 1)
    said_by = dict(alert.headers)["traceparent"].decode().split("-")[2]
    states = await live.records(topics.totals, 2)
    for record in (alert, *states):
        version, trace, _, flags = dict(record.headers)["traceparent"].decode().split("-")
        assert (version, trace, flags) == ("00", TRACE, "01")
        assert dict(record.headers)["ce_specversion"] == b"1.0"

    async def complete() -> bool:
        return set(collector.of_trace()) == {"intake", "ledger", "alerts", "webhooks"}

    await until(complete, "the spans of all four hops")
    spans = collector.of_trace()
    assert spans["intake"].parent_span_id.hex() == "00f067aa0ba902b7"
    assert spans["ledger"].parent_span_id == spans["intake"].span_id
    # where the states come apart, each has a span at the alerts: the alert names its own
    parent = next(span for span in collector.spans if span.span_id.hex() == said_by)
    assert (parent.name, parent.parent_span_id) == ("alerts", spans["ledger"].span_id)
    assert spans["webhooks"].parent_span_id == parent.span_id
    (told_by,) = receiver.got
    assert told_by.traceparent == f"00-{TRACE}-{spans['webhooks'].span_id.hex()}-01"
    assert told_by.verified == [True]
    assert told_by.payload["data"]["quotes"] == [
        {"report": "ge-1", "source": "ge-mia", "text": "10,000 came from Russia on Monday."}
    ]

    # and one histogram tells how long it took from its arrival, before there was a worker, to its totals
    text = await asyncio.to_thread(page, worker.port, "/metrics")
    (read, to_claims), (told_of, to_totals) = (
        total_seconds(text, f"{stage}_seconds") for stage in ("intake", "totals")
    )
    assert (read, told_of) == (1, 1)
    assert to_totals > to_claims > 0.3
    await asyncio.to_thread(worker.stop)
    assert worker.exit_code == 0
