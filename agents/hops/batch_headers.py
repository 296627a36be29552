"""The headers of a message of claims: when its oldest report arrived, and whether more reports wait behind it.

From the arrival the ledger measures the time from a report to its totals. Where more reports wait, the ledger may
delay its flush, because the next message would change the same flow states again.
"""

from __future__ import annotations

from aiokafka.structs import ConsumerRecord

from bordertally.streams.topics import header

ARRIVED, MORE = "arrived", "more"


def make_headers(oldest_ms: int, *, more: bool) -> list[tuple[str, bytes]]:
    """The headers of a message of claims.

    `oldest_ms`: the Kafka timestamp of the oldest report in the batch. `more`: whether reports wait behind the batch.
    """
    return [(ARRIVED, b"%d" % oldest_ms), *([(MORE, b"1")] if more else [])]


def more_wait(record: ConsumerRecord) -> bool:
    """Whether more reports waited behind the batch of this message."""
    return header(record.headers, MORE) is not None


def arrived_s(record: ConsumerRecord) -> float:
    """When the oldest report of a message arrived, or the message itself without the header; seconds since 1970 UTC."""
    value = header(record.headers, ARRIVED)
    return float(record.timestamp if value is None else int(value)) / 1000
