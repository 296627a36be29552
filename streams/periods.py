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

_CALENDAR = re.compile(r"(\d{4})(?:-W(\d\d)|-(\d\d))?", re.ASCII)


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


def _instead(text: str, whole: str) -> str:
    """What to write for a text that is no date: the days of a week, a month or a year, else how a date looks."""
    match = _CALENDAR.fullmatch(text) if text == whole else None
    try:
        if match is not None and match[2]:
            monday = date.fromisocalendar(int(match[1]), int(match[2]), 1)
            return f"{monday}/{monday + timedelta(days=7)}"
        if match is not None:
            return f"{date(int(match[1]), int(match[3] or 1), 1)}/{'P1M' if match[3] else 'P1Y'}"
    except ValueError:
        pass
    return "a date such as 2022-09-27 or a date-time such as 2022-09-27T10:00Z"


def _moment(text: str, whole: str) -> datetime:
    if not _MOMENT.fullmatch(text):
        raise _bad(whole, f"{text!r} is no date or date-time; write {_instead(text, whole)}")
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
        if moment.tzinfo is not None and exact:  # with an offset, hours are elapsed time
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

    Bare dates and times without an offset are read in `tz`, the time zone of the source; a duration is then wall-clock
    time, and elapsed time beside an offset. A time that the clocks skip or show twice: see `doubtful_times`.
    Raises RefusedError (bad_period) when it cannot be read, or its end is not after its start.
    """
    left, slash, right = text.partition("/")
    if not slash:
        if left.startswith("P"):
            raise _bad(text, "a duration alone is no period: write start/duration or duration/end")
        right = "P1D"
        if len(left) > len("YYYY-MM-DD") and _MOMENT.fullmatch(left):
            raise _bad(text, "an instant is no period: write start/end or start/duration")
    if left.startswith("P"):
        stop = _moment(right, text)
        begin = _shift(stop, left, text, -1)
    else:
        begin = _moment(left, text)
        stop = _shift(begin, right, text, 1) if right.startswith("P") else _moment(right, text)
    start, end = _place(begin, tz), _place(stop, tz)
    if end.tzinfo is tz and _is_twice(end) and _is_named(end, is_end=True):
        end = end.replace(fold=1)  # the period reaches to the second time that the clock shows this
    try:
        first, last = _seconds(start), _seconds(end)
        if last <= first and (is_doubtful(start) or is_doubtful(end)):
            last = first + _seconds(end.replace(tzinfo=UTC)) - _seconds(start.replace(tzinfo=UTC))
        if last <= first:
            raise _bad(text, "the end must be after the start")
        return _on_the_wall(first, last, start, end, tz)
    except OverflowError:
        raise _bad(text, "leads outside the calendar") from None


def _on_the_wall(first: int, last: int, start: datetime, end: datetime, tz: ZoneInfo) -> Period:
    """A period of UTC seconds with its place on the wall clock of a time zone.

    The first moment of a day is its midnight, also where the clock does not show 00:00. Of a reading that runs over
    midnight on a day of a clock change, `local_start` lies as long before midnight as time passes.
    """
    if tz.key == "UTC" and start.year > 1 and end.year < 9999:  # the zone of most counters: no clock changes
        return Period(first, last, first, last)
    local_start, local_end = (_wall(moment, tz) for moment in (start, end))
    if local_end <= local_start:  # clocks went back within it: it lies on its first hour
        local_end = local_start + last - first
    night = local_end - local_end % DAY
    if local_start < night < local_end and local_end - local_start < DAY and local_end - local_start != last - first:
        local_start = night - (_midnight(night, tz) - first)
    return Period(first, last, local_start, local_end)


def _wall(moment: datetime, tz: ZoneInfo) -> int:
    """The wall clock at a moment, in seconds since 1970; 00:00 for the first moment of a day."""
    if moment.tzinfo is not tz:
        moment = moment.astimezone(tz)
    elif (moment.hour or moment.minute) and is_doubtful(moment):
        moment = moment.astimezone(UTC).astimezone(tz)
    local = _seconds(moment.replace(tzinfo=UTC))
    since = local % DAY
    return local - since if 0 < since <= LATEST_FIRST and _midnight(local - since, tz) == _seconds(moment) else local


def _midnight(night: int, tz: ZoneInfo) -> int:
    """The UTC seconds of a midnight of the wall clock."""
    return _seconds((EPOCH + timedelta(seconds=night)).replace(tzinfo=tz))


LATEST_FIRST = 2 * 3_600
"""The latest that a day may begin on the wall clock, in seconds after 00:00, where the clocks skip 00:00."""


def _is_twice(moment: datetime) -> bool:
    """Whether the clock of a zone shows a time twice."""
    first, second = moment.replace(fold=0).utcoffset(), moment.replace(fold=1).utcoffset()
    return first is not None and second is not None and first > second


def is_doubtful(moment: datetime) -> bool:
    """Whether a time of a zone does not exist or exists twice, because the clocks change."""
    return moment.utcoffset() != moment.replace(fold=1 - moment.fold).utcoffset()


@lru_cache(maxsize=4096)
def doubtful_times(text: str, tz: ZoneInfo) -> str:
    """The times in a period, written without an offset, that do not exist or exist twice; empty for most periods.

    A bare date is never doubtful; nor is an end at which a doubtful hour only begins. Raises RefusedError.
    """
    left, _, right = text.partition("/")
    if tz.key == "UTC" or (left.endswith("Z") and right.startswith("P")):
        return ""
    doubtful = []
    for part, is_end in ((left, False), (right, True)):
        if part.startswith("P") or part.endswith("Z") or len(part) <= len("YYYY-MM-DD"):
            continue
        moment = _moment(part, text)
        if moment.tzinfo is None and _is_named(moment.replace(tzinfo=tz), is_end=is_end):
            doubtful.append(part)
    if right.startswith("P") and "T" in right and (moment := _moment(left, text)).tzinfo is None:
        end = _shift(moment, right, text, 1).replace(tzinfo=tz)
        doubtful += [f"{end:%Y-%m-%dT%H:%M}"] if _is_named(end, is_end=True) else []
    return ", ".join(doubtful)


def _is_named(moment: datetime, *, is_end: bool) -> bool:
    return is_doubtful(moment) and not (is_end and not is_doubtful(moment - timedelta(microseconds=1)))


def _place(moment: datetime, tz: ZoneInfo) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=tz)
