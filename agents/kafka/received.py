"""The type of a received record: the fields of aiokafka's raw record that hops and streams read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Received(Protocol):
    """Offset and timestamp (milliseconds since 1970 UTC), key, value and headers of one record."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
