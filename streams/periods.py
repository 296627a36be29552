"""Periods: ISO 8601 intervals, end exclusive, placed on the days of a source's own time zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bordertally.streams.errors import Reason, RefusedError
from bordertally.streams.moments import EPOCH

DAY = 86_400
_EPOCH_ORDINAL = EPOCH.toordinal()
_DURATION = re.compile(
    r"P(?=\w)(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?"
    r"(?:T(?=\d)(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?",
    re.ASCII,
)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?)?", re.ASCII)


class Period(NamedTuple):
    """A stretch of time, end exclusive.

    `start`, `end`: seconds since 1970 UTC: what the period is, and so part of a claim's identity.
    `local_start`, `local_end`: the wall clock of the source, in seconds since 1970: where it lies on the days.
    """

    start: int
    end: int
    local_start: int
    local_end: int

    @property
    def days(self) -> float:
        """Length in days of the wall clock; a fraction for parts of days."""
        return (self.local_end - self.local_start) / DAY

    @property
    def first_day(self) -> int:
        """The first day touched, as an ordinal (`date.toordinal`)."""
        return self.local_start // DAY + _EPOCH_ORDINAL

    @property
    def last_day(self) -> int:
        """The last day touched (inclusive), as an ordinal."""
        return -(-self.local_end // DAY) - 1 + _EPOCH_ORDINAL

    @property
    def part_of_day(self) -> bool:
        """True for a period shorter than a day: a counter's reading."""
        return self.local_end - self.local_start < DAY


def ordinal_of(local: int) -> int:
    """The ordinal day on which a moment of the wall clock lies, in seconds since 1970."""
    return local // DAY + _EPOCH_ORDINAL


def midnight(day: int) -> int:
    """Wall-clock seconds at the start of an ordinal day."""
    return (day - _EPOCH_ORDINAL) * DAY


def days_of(local_start: int, local_end: int) -> range:
    """The ordinal days that a stretch of wall-clock seconds touches."""
    return range(local_start // DAY + _EPOCH_ORDINAL, -(-local_end // DAY) + _EPOCH_ORDINAL)


@lru_cache(maxsize=4096)
def iso_day(day: int) -> str:
    """An ordinal day as `YYYY-MM-DD`."""
    return date.fromordinal(day).isoformat()


def ordinal_day(text: str) -> int:
    """The ordinal day that `YYYY-MM-DD` names. Raises ValueError."""
    return date.fromisoformat(text).toordinal()


def _bad(text: str, why: str) -> RefusedError:
    return RefusedError(Reason.BAD_PERIOD, "period", text, why)


def _moment(text: str, whole: str) -> datetime:
    if not _MOMENT.fullmatch(text):
        raise _bad(whole, f"{text!r} is no ISO 8601 date or date-time")
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise _bad(whole, f"{text!r} is no date: {error}") from None


@lru_cache(maxsize=1024)
def _duration(text: str) -> tuple[int, timedelta, timedelta] | None:
    """An ISO 8601 duration: months, days and the time of a day; None where the text is none. Raises OverflowError."""
    match = _DURATION.fullmatch(text)
    if not match:
        return None
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    exact = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return years * 12 + months, timedelta(weeks=weeks, days=days), exact


def _shift(moment: datetime, duration: str, whole: str, sign: int) -> datetime:
    try:
        parts = _duration(duration)
        if parts is None:
            raise _bad(whole, f"{duration!r} is no ISO 8601 duration")
        months, days, exact = parts
        if months:
            month = moment.year * 12 + moment.month - 1 + sign * months
            year, month = divmod(month, 12)
            last = (date(year + month // 11, (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
            moment = moment.replace(year=year, month=month + 1, day=min(moment.day, last))
        moment += sign * days
        if moment.tzinfo is not None and exact:  # hours are elapsed time, days are calendar days
            return (moment.astimezone(UTC) + sign * exact).astimezone(moment.tzinfo)
        return moment + sign * exact
    except (ValueError, OverflowError):
        raise _bad(whole, f"{duration!r} leads outside the calendar") from None


def _seconds(moment: datetime) -> int:
    since = moment - EPOCH
    return since.days * DAY + since.seconds  # half of what dividing takes


@lru_cache(maxsize=65_536)
def parse_period(text: str, tz: ZoneInfo) -> Period:
    """Read an ISO 8601 interval: `start/end`, `start/duration`, `duration/end`, or one bare date (that day).

    Bare dates and times without an offset are read in `tz`, the time zone of the source.
    Raises RefusedError (bad_period) when it cannot be read, or its end is not after its start.
    """
    left, slash, right = text.partition("/")
    if not slash:
        right = "P1D"
        if len(left) > len("YYYY-MM-DD") and _MOMENT.fullmatch(left):
            raise _bad(text, "an instant is no period: write start/end or start/duration")
    if left.startswith("P"):
        end = _place(_moment(right, text), tz)
        start = _place(_shift(end, left, text, -1), tz)
    else:
        start = _place(_moment(left, text), tz)
        end = _place(_shift(start, right, text, 1) if right.startswith("P") else _moment(right, text), tz)
    try:
        local_start, local_end = (_seconds(moment.astimezone(tz).replace(tzinfo=UTC)) for moment in (start, end))
    except OverflowError:
        raise _bad(text, "leads outside the calendar") from None
    first, last = _seconds(start), _seconds(end)
    if last <= first:
        raise _bad(text, "the end must be after the start")
    if local_end <= local_start:  # clocks went back within it: it lies on its first hour
        local_end = local_start + last - first
    return Period(first, last, local_start, local_end)


def _place(moment: datetime, tz: ZoneInfo) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=tz)
