"""When the reports behind a message of claims arrived, and whether more of them wait.

One histogram tells how long they take to their totals; and the ledger need not tell at once what the next message
changes again.
"""

from __future__ import annotations

from aiokafka.structs import ConsumerRecord

from bordertally.streams.topics import header

ARRIVED, MORE = "arrived", "more"


def marks(oldest_ms: int, *, more: bool) -> list[tuple[str, bytes]]:
    """The headers of a message of claims.

    `oldest_ms`: the Kafka timestamp of the oldest report of its batch. `more`: whether reports wait behind that batch.
    """
    return [(ARRIVED, b"%d" % oldest_ms), *([(MORE, b"1")] if more else [])]


def more_wait(record: ConsumerRecord) -> bool:
    """Whether more reports waited behind those of this message."""
    return header(record.headers, MORE) is not None


def arrived_s(record: ConsumerRecord) -> float:
    """Seconds since 1970 UTC at which that report arrived; of a message without the header, the message itself."""
    value = header(record.headers, ARRIVED)
    return float(record.timestamp if value is None else int(value)) / 1000
