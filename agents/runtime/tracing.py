"""OpenTelemetry traces, where the setting `traces` is on: the trace context of a report travels in Kafka headers.

The span of a batch is linked to the `traceparent` (W3C Trace Context) of the records that a hop reads, and the records
that the batch writes carry the context of the span. A batch with a single context continues that trace. Where the
setting is off, OpenTelemetry is not imported, and a batch costs two calls without effect.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Protocol

from bordertally.streams.errors import ConfigError
from bordertally.streams.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

HEADER = "traceparent"

MOST_LINKS = 32
"""The most links of a span: a batch may hold thousands of reports."""

CLOSE_S = 3.0
"""Seconds for sending the last spans when a worker ends: their receiver may be down."""

Headers = list[tuple[str, bytes]]
_PARENT = re.compile(rb"[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class Headed(Protocol):
    """A record with headers."""

    headers: Sequence[tuple[str, bytes]]


class NoTrace:
    """The trace of a hop where tracing is off, and the interface of a hop's trace."""

    def hear(self, records: Iterable[Any]) -> None:
        """Remember the contexts of records that the next batch reads."""

    def forget(self) -> None:
        """Forget these contexts: other workers process the records."""

    def span(self, name: str, count: int) -> AbstractContextManager[Headers]:  # noqa: ARG002 - the interface
        """A span over the writing of a batch of `count` records; gives the headers for the records written."""
        return nullcontext([])


class HopTrace(NoTrace):
    """The trace of one hop, with the contexts of the records read since its last batch."""

    def __init__(self, tracer: Any) -> None:
        self._tracer = tracer
        self._contexts: dict[bytes, None] = {}

    def hear(self, records: Iterable[Headed]) -> None:
        """Remember the contexts, each once, at most as many as a span has links."""
        for record in records:
            if len(self._contexts) >= MOST_LINKS:
                return
            for name, value in record.headers:
                if name == HEADER and value and _PARENT.fullmatch(value):
                    self._contexts[value] = None

    def forget(self) -> None:
        """Forget the contexts."""
        self._contexts.clear()

    @contextmanager
    def span(self, name: str, count: int) -> Iterator[Headers]:
        """A span of kind consumer."""
        from opentelemetry.trace import Link, SpanKind, set_span_in_context  # noqa: PLC0415 - of an extra
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

        propagator = TraceContextTextMapPropagator()
        parents = [propagator.extract({HEADER: context.decode()}) for context in self._contexts]
        self._contexts.clear()
        links = [Link(context_of(parent)) for parent in parents]
        attributes = {
            "messaging.system": "kafka",
            "messaging.operation.name": "process",
            "messaging.batch.message_count": count,
        }
        alone = parents[0] if len(parents) == 1 else None
        with self._tracer.start_as_current_span(
            name, alone, SpanKind.CONSUMER, attributes, () if alone is not None else links
        ) as span:
            carrier: dict[str, str] = {}
            propagator.inject(carrier, set_span_in_context(span))
            yield [(HEADER, carrier[HEADER].encode())]


def context_of(context: Any) -> Any:
    """The span context in a context of OpenTelemetry."""
    from opentelemetry.trace import get_current_span  # noqa: PLC0415 - as above

    return get_current_span(context).get_span_context()


class Traces:
    """The traces of a process. `provider`: takes the spans; None where tracing is off."""

    def __init__(self, provider: TracerProvider | None = None) -> None:
        self._provider = provider

    @classmethod
    def of(cls, settings: Settings) -> Traces:
        """The traces that the settings ask for; OpenTelemetry's own OTEL_ variables say where spans are sent.

        Raises ConfigError when the extra `otel` is not installed.
        """
        if not settings.traces:
            return cls()
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
            from opentelemetry.sdk.resources import SERVICE_NAME, Resource  # noqa: PLC0415
            from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
            from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
        except ImportError as error:
            raise ConfigError(
                f"BORDERTALLY_TRACES=true needs the extra otel; in the clone: pip install '.[otel]' ({error})"
            ) from None
        provider = TracerProvider(resource=Resource.create({SERVICE_NAME: "bordertally"}))
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        return cls(provider)

    @property
    def on(self) -> bool:
        """Whether tracing is on."""
        return self._provider is not None

    def hop(self) -> NoTrace:
        """The trace of one hop."""
        return NoTrace() if self._provider is None else HopTrace(self._provider.get_tracer("bordertally"))

    def close(self) -> None:
        """Send the remaining spans, for at most CLOSE_S."""
        if self._provider is not None:
            last = threading.Thread(target=self._provider.shutdown, daemon=True)
            last.start()
            last.join(CLOSE_S)


def passed_on(traceparent: str | None) -> Headers:
    """The trace context of a request as a header of a record; none where it is not valid."""
    raw = (traceparent or "").encode()
    return [(HEADER, raw)] if _PARENT.fullmatch(raw) else []
