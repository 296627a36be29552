"""Spans of batches: what they continue, what they are linked to, and what goes out with what a batch leads to."""

from __future__ import annotations

import subprocess
import sys
from typing import NamedTuple

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, format_span_id, format_trace_id

from bordertally.agents.runtime.tracing import HEADER, MOST_LINKS, NoTrace, Traces, passed_on
from bordertally.streams.errors import ConfigError
from bordertally.streams.settings import load_settings


class Taken(NamedTuple):
    """A record as a hop takes it in."""

    headers: list[tuple[str, bytes]]


def parent(number: int) -> bytes:
    return b"00-%032x-%016x-01" % (number, number)


def taken(*parents: bytes) -> list[Taken]:
    return [Taken([("other", b"x"), (HEADER, parent)]) for parent in parents]


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def hop(exporter: InMemorySpanExporter) -> NoTrace:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return Traces(provider).hop()


def test_a_batch_of_one_context_continues_its_trace(hop: NoTrace, exporter: InMemorySpanExporter) -> None:
    hop.hear([*taken(parent(7), parent(7)), Taken([])])
    with hop.span("intake", 3) as headers:
        pass
    (span,) = exporter.get_finished_spans()
    assert (span.name, span.kind, list(span.links)) == ("intake", SpanKind.CONSUMER, [])
    assert span.attributes is not None
    assert span.attributes["messaging.batch.message_count"] == 3
    assert span.parent is not None
    assert (span.context.trace_id, span.parent.span_id) == (7, 7)
    assert headers == [(HEADER, f"00-{7:032x}-{format_span_id(span.context.span_id)}-01".encode())]


def test_a_batch_of_many_is_linked_to_a_bounded_number(hop: NoTrace, exporter: InMemorySpanExporter) -> None:
    hop.hear(taken(*map(parent, range(1, 4)), parent(2)))
    with hop.span("ledger", 4) as headers:
        pass
    hop.hear(taken(*map(parent, range(1, 1000))))
    with hop.span("ledger", 999):
        pass
    few, many = exporter.get_finished_spans()
    assert few.parent is None
    assert [link.context.trace_id for link in few.links] == [1, 2, 3]
    assert format_trace_id(few.context.trace_id).encode() in headers[0][1]
    assert len(many.links) == MOST_LINKS


def test_what_is_no_context_is_passed_over(hop: NoTrace, exporter: InMemorySpanExporter) -> None:
    wrong = [b"", b"00-x", b"00-%032x-%016x-01" % (0, 1), b"00-%032x-%016x-01" % (1, 0), parent(1) + b"-more", b"\xff"]
    hop.hear(taken(*wrong))
    with hop.span("intake", 1):
        pass
    (span,) = exporter.get_finished_spans()
    assert (span.parent, list(span.links)) == (None, [])


def test_what_was_forgotten_or_told_is_linked_no_more(hop: NoTrace, exporter: InMemorySpanExporter) -> None:
    hop.hear(taken(parent(1)))
    hop.forget()
    for _ in range(2):
        with hop.span("alerts", 1):
            pass
        hop.hear([])
    assert [span.parent for span in exporter.get_finished_spans()] == [None, None]


def test_a_batch_that_fails_says_so(hop: NoTrace, exporter: InMemorySpanExporter) -> None:
    with pytest.raises(TimeoutError), hop.span("intake", 1):
        raise TimeoutError
    (span,) = exporter.get_finished_spans()
    assert not span.status.is_ok


def test_off_there_are_none() -> None:
    traces = Traces.of(load_settings())
    hop = traces.hop()
    hop.hear(taken(parent(1)))
    with hop.span("intake", 1) as headers:
        assert headers == []
    traces.close()
    assert not traces.on


def test_off_nothing_of_it_is_imported() -> None:
    imported = "import sys, bordertally.agents.worker.worker"
    code = f"{imported}; sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(ConfigError, match=r"in the clone: pip install '\.\[otel\]'"):
        Traces.of(load_settings(traces=True))


def test_a_request_hands_its_context_on() -> None:
    assert passed_on(parent(5).decode()) == [(HEADER, parent(5))]
    assert passed_on(None) == passed_on("nothing") == []
