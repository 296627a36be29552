"""Traces after OpenTelemetry, where the setting `traces` is on: the context of a report travels in Kafka headers.

`traceparent` (W3C Trace Context) of what a hop takes in is linked to the span of the batch, and that of the span goes
out on what the batch leads to. Where a batch comes of one context alone it continues that trace. Off, nothing of
OpenTelemetry is imported, and a batch costs two calls that do nothing.
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
"""A span is linked to so many others at most: a batch may hold thousands of reports."""

CLOSE_S = 3.0
"""Seconds that the last spans have when a worker ends: where they are sent to may be away."""

Headers = list[tuple[str, bytes]]
_PARENT = re.compile(rb"[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class Headed(Protocol):
    """A record with headers."""

    headers: Sequence[tuple[str, bytes]]


class NoTrace:
    """The traces of a hop where there are none."""

    def hear(self, records: Iterable[Any]) -> None:
        """Remember the contexts of records that a batch takes in."""

    def forget(self) -> None:
        """What was taken in is not worked through here."""

    def span(self, name: str, count: int) -> AbstractContextManager[Headers]:  # noqa: ARG002 - the interface
        """A span over what is written of a batch of `count` records; gives the headers that go out with it."""
        return nullcontext([])


class HopTrace(NoTrace):
    """The traces of one hop: the contexts of what it has taken in since its last batch."""

    def __init__(self, tracer: Any) -> None:
        self._tracer = tracer
        self._contexts: dict[bytes, None] = {}

    def hear(self, records: Iterable[Headed]) -> None:
        """Remember as many as a span is linked to, each once."""
        for record in records:
            if len(self._contexts) >= MOST_LINKS:
                return
            for name, value in record.headers:
                if name == HEADER and value and _PARENT.fullmatch(value):
                    self._contexts[value] = None

    def forget(self) -> None:
        """Others work them through."""
        self._contexts.clear()

    @contextmanager
    def span(self, name: str, count: int) -> Iterator[Headers]:
        """A span of kind consumer."""
        from opentelemetry.trace import Link, SpanKind, set_span_in_context  # noqa: PLC0415 - of an extra
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

        propagator = TraceContextTextMapPropagator()
        parents = [propagator.extract({HEADER: one.decode()}) for one in self._contexts]
        self._contexts.clear()
        links = [Link(context_of(one)) for one in parents]
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
    """The span that a context names."""
    from opentelemetry.trace import get_current_span  # noqa: PLC0415 - as above

    return get_current_span(context).get_span_context()


class Traces:
    """Where spans go. Without a provider there are none."""

    def __init__(self, provider: TracerProvider | None = None) -> None:
        self._provider = provider

    @classmethod
    def of(cls, settings: Settings) -> Traces:
        """What the settings ask for; where spans are sent is said by OpenTelemetry's own OTEL_ variables.

        Raises ConfigError when the extra is not installed.
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
                f"BORDERTALLY_TRACES=true needs the extra otel: pip install 'bordertally[otel]' ({error})"
            ) from None
        provider = TracerProvider(resource=Resource.create({SERVICE_NAME: "bordertally"}))
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        return cls(provider)

    @property
    def on(self) -> bool:
        """Whether there are any."""
        return self._provider is not None

    def hop(self) -> NoTrace:
        """Those of one hop."""
        return NoTrace() if self._provider is None else HopTrace(self._provider.get_tracer("bordertally"))

    def close(self) -> None:
        """Send what has not been sent, as far as that takes no longer than some seconds."""
        if self._provider is not None:
            last = threading.Thread(target=self._provider.shutdown, daemon=True)
            last.start()
            last.join(CLOSE_S)


def passed_on(traceparent: str | None) -> Headers:
    """The header of a record for one of a request, where it is a trace context."""
    raw = (traceparent or "").encode()
    return [(HEADER, raw)] if _PARENT.fullmatch(raw) else []
