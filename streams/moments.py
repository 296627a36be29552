"""Moments: kept in records as microseconds since 1970 UTC, written as ISO 8601 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

MICRO = 1_000_000
"""Microseconds in a second."""


def microseconds(moment: datetime) -> int:
    """Microseconds from 1970 UTC to a moment."""
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * MICRO + since.microseconds  # a fraction of what dividing them takes


def microseconds_in(text: str) -> int:
    """Microseconds from 1970 UTC to a moment in ISO 8601 with an offset. Raises ValueError."""
    return microseconds(datetime.fromisoformat(text))


def moment_at(microseconds: int) -> datetime:
    """The moment, in UTC, that lies so many microseconds after 1970."""
    return EPOCH + timedelta(microseconds=microseconds)


def utc(moment: datetime) -> datetime:
    """A moment in UTC; one without an offset is taken for UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def utc_text(moment: datetime, precision: Literal["auto", "seconds", "milliseconds"] = "auto") -> str:
    """A moment with an offset as `2022-09-27T09:00:00Z`; what is finer than the precision is cut off."""
    return moment.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def text_at(seconds: float) -> str:
    """The moment so many seconds after 1970 UTC, as logs and notifications write it: to the millisecond."""
    return utc_text(datetime.fromtimestamp(seconds, UTC), "milliseconds")


def published_text(microseconds: int) -> str:
    """The moment so many microseconds after 1970 UTC, as alerts and evidence write `published`: to the second."""
    return utc_text(moment_at(microseconds), "seconds")
