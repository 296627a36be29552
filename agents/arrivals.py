"""When the reports behind a message of claims arrived: one histogram tells how long they take to their totals."""

from __future__ import annotations

from aiokafka.structs import ConsumerRecord

from streams.headers import header

HEADER = "arrived"


def mark(oldest_ms: int) -> tuple[str, bytes]:
    """The header of a message of claims. `oldest_ms`: the Kafka timestamp of the oldest report of its batch."""
    return HEADER, b"%d" % oldest_ms


def arrived_s(record: ConsumerRecord) -> float:
    """Seconds since 1970 UTC at which that report arrived; of a message without the header, the message itself."""
    value = header(record.headers, HEADER)
    return float(record.timestamp if value is None else int(value)) / 1000
