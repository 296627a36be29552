"""Records on internal topics that cannot be read, because something else than the pipeline wrote or damaged them.

The ledger and the alerts hop may not pass over such a record: their figures would be wrong. They end the worker with a
sentence that names the record, until an operator lists it in BORDERTALLY_SKIP_RECORDS. Delivery passes over it, since
the next record of the flow or alert replaces it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, Protocol, TypeVar

import msgspec

from bordertally.agents.runtime.context import Context, log
from bordertally.streams.errors import BordertallyError

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

RUNBOOK = "docs/runbooks/BordertallyUnreadableRecord.md"


class Stored(Protocol):
    """A record as a consumer returns it."""

    offset: int
    key: Any
    value: Any


class UnreadableRecordError(BordertallyError):
    """A record that must be read cannot be read; the message names it and says what to do."""


def must_read(
    context: Context, hop: str, partition: tuple[str, int], record: Stored, decode: Callable[[bytes], T]
) -> T | None:
    """The decoded record of a partition; None where the operator chose to skip it. Raises UnreadableRecordError."""
    try:
        return decode(record.value or b"")
    except msgspec.MsgspecError as error:
        if place_of(partition, record) not in context.settings.skip_records:
            raise unreadable_record(partition, record, str(error)) from None
        pass_over(context, hop, partition, record, error)
        return None


def unreadable_record(partition: tuple[str, int], record: Stored, why: str) -> UnreadableRecordError:
    """The error for a record that may not be passed over."""
    place = place_of(partition, record)
    return UnreadableRecordError(
        f"the record {place}, key {record.key!r}, cannot be read ({why}); to skip it, set"
        f" BORDERTALLY_SKIP_RECORDS={place}; see {RUNBOOK}"
    )


def unreadable_row(changelog: str, key: bytes) -> UnreadableRecordError:
    """The error for a row of a table; its offset is not known once the table is restored."""
    return UnreadableRecordError(
        f"the row with key {key!r} cannot be read; to skip it, set BORDERTALLY_SKIP_RECORDS to the place of the newest"
        f" record with this key on {changelog}; see {RUNBOOK}"
    )


def pass_over(context: Context, hop: str, partition: tuple[str, int], record: Stored, error: Exception) -> None:
    """Log and count a record that is skipped."""
    place = place_of(partition, record)
    log.error("%s: the record %s, key %r, cannot be read and is skipped: %s", hop, place, record.key, error)
    context.metrics["unreadable_records_total"].labels(hop).inc()


def readable(decode: Callable[[V], T], values: Mapping[K, V | None], where: str) -> dict[K, T]:
    """The decoded values of the view in Redis; one that cannot be read is logged and left out, like a missing one.

    `where`: the key, for the log.
    """
    decoded = {}
    for name, value in values.items():
        if value is None:
            continue
        try:
            decoded[name] = decode(value)
        except (BordertallyError, ValueError, msgspec.MsgspecError) as error:
            log.warning("Redis: %s %s cannot be read and is left out: %s", where, _named(name), error)
    return decoded


def _named(name: object) -> str:
    return repr(name)[2:-1] if isinstance(name, bytes) else str(name)


def place_of(partition: tuple[str, int], record: Stored) -> str:
    """`claims/2/17`: topic, partition and offset, as in BORDERTALLY_SKIP_RECORDS."""
    topic, number = partition
    return f"{topic}/{number}/{record.offset}"
