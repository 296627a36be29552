"""Phrases of time: "since Sept 21", "in the week to Sunday", "week 39", as periods relative to a publication.

What they mean, where it is not plain:
a phrase without an end ("since", "this year") runs through the day of publication; "the past N days" are the N days
before it, and "the past N hours" the hours until it; "last week" is the week from Monday to Sunday before it; a day of
the week, or a date without a year, is the latest one that is not in the future.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from bordertally.streams.statements.lexicon.language import Language, captured, index

DAY = timedelta(days=1)
LENGTHS = {"day": 1, "week": 7, "fortnight": 14}
"""Days of the units that always have as many."""

RECENT = timedelta(days=300)
"""A day of a month without a year is one of so many days before; further back it may be of another year, or to come."""

Captures = list[tuple[str, str]]


class StatedPeriod(NamedTuple):
    """A period as read: days `start` to `end` (exclusive), or an exact interval in `exact`.

    `rank`: of several in one place the highest is meant ("over four days, from Thursday to Sunday"). `running`: the
    day of publication is part of it; `partial`: it is a day that is not over. `vague`: it is not exact.
    `impossible`: it names a day that no calendar has ("31 April"), and is no period at all.
    """

    start: date
    end: date
    rank: int = 2
    exact: str = ""
    running: bool = False
    vague: bool = False
    partial: bool = False
    impossible: bool = False

    @property
    def text(self) -> str:
        """The period as ISO 8601."""
        if self.exact:
            return self.exact
        if self.end - self.start == DAY:
            return self.start.isoformat()
        return f"{self.start.isoformat()}/{self.end.isoformat()}"

    @property
    def days(self) -> int:
        """The length of the period in days."""
        return (self.end - self.start).days

    def shifted(self, days: int) -> StatedPeriod:
        """The same period, this number of days later."""
        return StatedPeriod(self.start + days * DAY, self.end + days * DAY, self.rank)


class DayShift(NamedTuple):
    """A period relative to the period before: it is this number of days later."""

    days: int


class Until(NamedTuple):
    """The end of a "since" period: the day after the last day."""

    end: date


class NoSuchDayError(ValueError):
    """A day or week that does not exist: 31 April, week 54, Monday 2 May of a year in which that is a Friday."""


class Times:
    """Resolves phrases of time for one language and one time of publication (wall clock of the source's zone)."""

    def __init__(self, language: Language, published: datetime) -> None:
        self.language = language
        self.moment = published
        self.today = published.date()
        self._year_named = re.compile(rf"\d{{4}}|{language.parts['last_year']}", re.IGNORECASE)
        self._kinds: dict[str, Callable[[Captures], StatedPeriod | DayShift | Until | None]] = {
            "day": self._day,
            "pair": self._pair,
            "range": self._range,
            "since": self._since,
            "since_last": self._since_last,
            "first_of": self._first_of,
            "last_of": self._last_of,
            "part_of_year": self._part_of_year,
            "half_of_month": self._half_of_month,
            "since_start": lambda taken: self._this(taken, rank=3),
            "until": lambda taken: Until(self._date(taken[0]) + DAY),
            "until_yesterday": lambda _: Until(self.today),
            "to": self._to,
            "past": self._past,
            "past_day": lambda _: self._hours(24),
            "last": self._last,
            "this": self._this,
            "month": self._month,
            "year": self._year,
            "week": self._week,
            "weekend": lambda _: self._weekend(),
            "last_weekend": lambda _: self._last_weekend(),
            "last_day": self._last_day,
            "yesterday": lambda _: StatedPeriod(self.today - DAY, self.today),
            "before_yesterday": lambda _: StatedPeriod(self.today - 2 * DAY, self.today - DAY),
            "today": lambda _: self.day_of_publication,
            "since_midnight": lambda _: self.day_of_publication._replace(rank=3, partial=True),
            "later": self._later,
            "months_so_far": self._months_so_far,
            "months_to": self._months_to,
            "sooner": lambda taken: DayShift(-self._later(taken).days),
            "vague": lambda _: StatedPeriod(self.today - DAY, self.today + DAY, 1, vague=True),
        }

    @property
    def kinds(self) -> frozenset[str]:
        """All kinds of phrases for which a language can have patterns."""
        return frozenset(self._kinds)

    def resolve(self, kind: str, taken: Captures) -> StatedPeriod | DayShift | Until | None:
        """The meaning of a phrase; None if it is in the future. A day that does not exist is an impossible period."""
        try:
            period = self._kinds[kind](taken)
        except NoSuchDayError:
            return StatedPeriod(self.today, self.today + DAY, 5, vague=True, impossible=True)
        except (ValueError, OverflowError, KeyError):
            return None
        if isinstance(period, StatedPeriod) and (period.end <= period.start or period.start > self.today):
            return None
        return period

    @property
    def day_of_publication(self) -> StatedPeriod:
        """The day of publication until the time of publication."""
        return StatedPeriod(self.today, self.today + DAY, running=True)

    # --- the parts ---------------------------------------------------------------------------------------------

    def _date(self, written: tuple[str, str], near: date | None = None) -> date:
        """A captured date, day of a month or day of the week; `near`: a later date that it belongs to."""
        kind, text = written
        if kind == "weekday":
            back = (self.today.weekday() - self._weekday(text)) % 7
            return self.today - back * DAY
        if kind == "anchor":
            return date.fromisoformat(self.language.which(self.language.table.anchors, text) or "")
        if kind == "day":
            near = near or self.today
            return _latest_day(self._number(text), near)
        return self._full(text, near)

    def _full(self, text: str, near: date | None) -> date:
        for pattern in self.language.dates:
            match = pattern.fullmatch(text)
            if match:
                parts = dict(captured(match))
                if "feast" in parts:
                    number, day = map(
                        int, (self.language.which(self.language.table.feasts, parts["feast"]) or "").split("-")
                    )
                    return self._placed(day, number, parts.get("year"), near)
                month = self._months(parts["month"]) if "month" in parts else int(parts["number_of_month"])
                year = str(self.today.year - 1) if "last_year" in parts else parts.get("year")
                placed = self._placed(self._number(parts.get("day") or parts["ordinal"]), month, year, near)
                if "weekday" in parts and self._weekday(parts["weekday"]) != placed.weekday():
                    raise NoSuchDayError(text)
                return placed
        raise ValueError(text)

    def _placed(self, day: int, month: int, year: str | None, near: date | None = None) -> date:
        if year:
            return _day_of(int(year), month, day)
        latest = near or self.today + DAY
        try:
            date = _day_of(latest.year, month, day)
        except NoSuchDayError:
            if (month, day) <= (latest.month, latest.day):
                raise  # "29 February", said in March of a year that has none
            return _day_of(latest.year - 1, month, day)
        return date if date <= latest else _day_of(latest.year - 1, month, day)

    def _months(self, text: str) -> int:
        return 1 + index(self.language.table.months, text)

    def _weekday(self, text: str) -> int:
        return self.language.weekday(text)

    def _number(self, text: str) -> int:
        """A day of a month, in digits or words."""
        digits = re.match(r"\d+", text)
        return int(digits[0]) if digits else 1 + index(self.language.table.days, text)

    # --- the kinds ---------------------------------------------------------------------------------------------

    def _day(self, taken: Captures) -> StatedPeriod:
        kind, text = taken[-1]
        day = self._date((kind, text))
        long_ago = self.today - day > RECENT and not self._year_named.search(text)
        return StatedPeriod(day, day + DAY, 3 if kind == "date" else 2, running=day == self.today, vague=long_ago)

    def _last_day(self, taken: Captures) -> StatedPeriod:
        """A day of the week that is "last" and so not today."""
        day = self._date(taken[-1])
        if day == self.today:
            day -= 7 * DAY
        return StatedPeriod(day, day + DAY)

    def _pair(self, taken: Captures) -> StatedPeriod | None:
        period = self._range(taken)
        return period if period is not None and period.days == sum(name != "month" for name, _ in taken) else None

    def _range(self, taken: Captures) -> StatedPeriod | None:
        names = [name for name, _ in taken]
        if "month" in names and "day" not in names:
            return self._month_range(taken)
        if names[0] == "month":  # September 22 to 28
            month = self._months(taken[0][1])
            first, last = (self._placed(self._number(text), month, None) for name, text in taken[1:3] if name == "day")
            return StatedPeriod(first, last + DAY, 4)
        last = self._date(taken[-1])
        first = self._date(taken[0], last)
        if names == ["weekday", "weekday"] and first > last:
            first -= 7 * DAY
        return StatedPeriod(first, last + DAY, 4)

    def _month_range(self, taken: Captures) -> StatedPeriod:
        months = [self._months(text) for name, text in taken if name == "month"][:2]
        first, last = months if len(months) == 2 else (1, *months)  # "between 2017 and June 2018"
        years = [int(text) for name, text in taken if name == "year"]
        if len(years) == 2:
            end = min(_after_month(years[1], last), self.today + DAY)
            return StatedPeriod(date(years[0], first, 1), end, 4)
        year = next((int(text) for name, text in taken if name == "year"), self.today.year)
        if "year" not in dict(taken) and date(year, last, 1) > self.today:
            year -= 1
        return StatedPeriod(date(year, first, 1), min(_after_month(year, last), self.today + DAY), 4)

    def _since(self, taken: Captures) -> StatedPeriod:
        kind, text = taken[-1]
        named = dict(taken)
        if "month" in named:
            first = self._placed(1, self._months(named["month"]), named.get("year"))
        elif kind == "year":
            first = date(int(text), 1, 1)
        else:
            first = self._date(taken[-1])
            if kind == "weekday" and first == self.today:
                first -= 7 * DAY
        return StatedPeriod(first, self.today + DAY, 4, running=True)

    def _since_last(self, taken: Captures) -> StatedPeriod:
        """The period since a day of the week that is "last" and so neither today nor yesterday."""
        first = self._date(taken[-1])
        if self.today - first <= DAY:
            first -= 7 * DAY
        return StatedPeriod(first, self.today + DAY, 4, running=True)

    def _to(self, taken: Captures) -> StatedPeriod:
        """A number of days, or the week, up to and including a day."""
        last = self._date(taken[-1])
        if taken[-1][0] == "weekday" and last == self.today:
            last -= 7 * DAY
        days = next((self.language.number(text) for name, text in taken if name == "n"), 7)
        return StatedPeriod(last - (days - 1) * DAY, last + DAY, 4)

    def _months_so_far(self, taken: Captures) -> StatedPeriod:
        """A number of months of a statistic: the months of the year if it has that many; else a vague period."""
        number = self.language.number(dict(taken)["n"])
        first = date(self.today.year - (self.today.month == 1), 1, 1)
        if (self.today.month - 2) % 12 + 1 != number:
            return StatedPeriod(_months_before(self.today, number), self.today, 1, vague=True)
        return StatedPeriod(first, _after_month(first.year, number), 3)

    def _months_to(self, taken: Captures) -> StatedPeriod:
        """A number of months, or a year, up to and including a month."""
        named = dict(taken)
        number = self.language.number(named["n"]) if "n" in named else 1
        months = number * {"month": 1, "year": 12}[self._unit(taken) or ""]
        last = self._placed(1, self._months(named["month"]), named.get("year"))
        end = _after_month(last.year, last.month)
        return StatedPeriod(_months_before(end, months), min(end, self.today + DAY), 3)

    def _past(self, taken: Captures) -> StatedPeriod:
        unit = self._unit(taken) or "day"
        number = next((self.language.number(text) for name, text in taken if name == "n"), 1)
        if unit == "hour":
            return self._hours(number)
        days = LENGTHS.get(unit)
        if days is None:
            back = number * (12 if unit == "year" else 1)
            return StatedPeriod(_months_before(self.today, back), self.today, 2)
        return StatedPeriod(self.today - number * days * DAY, self.today, 2)

    def _hours(self, number: int) -> StatedPeriod:
        end = self.moment.replace(second=0, microsecond=0)
        start = end - timedelta(hours=number)
        exact = f"{start:%Y-%m-%dT%H:%M}/{end:%Y-%m-%dT%H:%M}"
        return StatedPeriod(start.date(), end.date() + DAY, 2, exact)

    def _last(self, taken: Captures) -> StatedPeriod:
        unit = self._unit(taken)
        if unit == "week":
            monday = self.today - self.today.weekday() * DAY
            return StatedPeriod(monday - 7 * DAY, monday)
        if unit == "month":
            first = self.today.replace(day=1)
            return StatedPeriod((first - DAY).replace(day=1), first)
        if unit == "year":
            return StatedPeriod(date(self.today.year - 1, 1, 1), date(self.today.year, 1, 1))
        return StatedPeriod(self.today - DAY, self.today)

    def _this(self, taken: Captures, rank: int = 2) -> StatedPeriod:
        unit = self._unit(taken)
        first = {
            "week": self.today - self.today.weekday() * DAY,
            "month": self.today.replace(day=1),
            "year": self.today.replace(month=1, day=1),
        }.get(unit or "", self.today)
        return StatedPeriod(first, self.today + DAY, rank, running=True)

    def _month(self, taken: Captures) -> StatedPeriod:
        year = next((text for name, text in taken if name == "year"), None)
        month = next(self._months(text) for name, text in taken if name == "month")
        first = self._placed(1, month, year)
        end = _after_month(first.year, month)
        return StatedPeriod(first, min(end, self.today + DAY), 1, running=end > self.today)

    def _year(self, taken: Captures) -> StatedPeriod:
        year = int(taken[-1][1])
        return StatedPeriod(date(year, 1, 1), min(date(year + 1, 1, 1), self.today + DAY), 1)

    def _first_of(self, taken: Captures) -> StatedPeriod:
        """The first days or weeks of a month, or months of a year."""
        named = dict(taken)
        number = self.language.number(named["n"]) if "n" in named else 1
        unit = self._unit(taken)
        if unit == "month":
            first = date(int(named["year"]) if "year" in named else self.today.year, 1, 1)
            return StatedPeriod(first, min(_after_month(first.year, number), self.today + DAY), 3)
        first = self._placed(1, self._months(named["month"]), named.get("year"))
        return StatedPeriod(first, min(first + number * LENGTHS.get(unit or "", 1) * DAY, self.today + DAY), 3)

    def _last_of(self, taken: Captures) -> StatedPeriod:
        """The last days or weeks of a month."""
        named = dict(taken)
        number = self.language.number(named["n"]) if "n" in named else 1
        first = self._placed(1, self._months(named["month"]), named.get("year"))
        end = _after_month(first.year, first.month)
        days = number * {"day": 1, "week": 7}[self._unit(taken) or ""]
        return StatedPeriod(end - days * DAY, min(end, self.today + DAY), 3)

    def _part_of_year(self, taken: Captures) -> StatedPeriod:
        """A quarter or a half of a year."""
        named = dict(taken)
        months = self.language.which(self.language.table.parts_of_year, named["part"]) or ""
        first, last = map(int, months.split("-"))
        year = int(named["year"]) if "year" in named else self.today.year
        return StatedPeriod(date(year, first, 1), min(_after_month(year, last), self.today + DAY), 3)

    def _half_of_month(self, taken: Captures) -> StatedPeriod:
        """The first to the fifteenth of a month, or the rest of the month."""
        named = dict(taken)
        first = self._placed(1, self._months(named["month"]), named.get("year"))
        middle, end = first.replace(day=16), _after_month(first.year, first.month)
        halves = {1: (first, middle), 2: (middle, end)}
        start, end = halves[self._number(named["ordinal"])]
        return StatedPeriod(start, min(end, self.today + DAY), 3)

    def _week(self, taken: Captures) -> StatedPeriod:
        number = self.language.number(next(text for name, text in taken if name == "n"))
        year = next((int(text) for name, text in taken if name == "year"), None)
        current = self.today.isocalendar().year
        weeks = [
            _week_of(year_of_week, number) for year_of_week in ([year] if year is not None else [current, current - 1])
        ]
        first = next((week for week in weeks if week is not None and (year is not None or week <= self.today)), None)
        if first is None:
            raise NoSuchDayError(f"week {number}")
        return StatedPeriod(first, min(first + 7 * DAY, self.today + DAY), 3)

    def _weekend(self) -> StatedPeriod:
        saturday = self.today - (self.today.weekday() - 5) % 7 * DAY
        return StatedPeriod(saturday, min(saturday + 2 * DAY, self.today + DAY), 2)

    def _last_weekend(self) -> StatedPeriod:
        monday = self.today - self.today.weekday() * DAY
        return StatedPeriod(monday - 2 * DAY, monday)

    def _later(self, taken: Captures) -> DayShift:
        number = next((self.language.number(text) for name, text in taken if name == "n"), 1)
        return DayShift(number * (7 if self._unit(taken) == "week" else 1))

    def _unit(self, taken: Captures) -> str | None:
        text = next((text for name, text in taken if name == "unit"), None)
        return None if text is None else self.language.which(self.language.table.units, text)


def _latest_day(number: int, near: date) -> date:
    """The latest day with this number up to `near`: the 31st, seen from 3 May, is 31 March."""
    for months in range(3):
        first = _months_before(near.replace(day=1), months)
        if number <= (_after_month(first.year, first.month) - first).days and first.replace(day=number) <= near:
            return first.replace(day=number)
    raise NoSuchDayError(f"day {number}")


def _day_of(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise NoSuchDayError(f"{year}-{month}-{day}") from None


def _week_of(year: int, number: int) -> date | None:
    """The Monday of an ISO week; None if the year does not have this week."""
    try:
        return date.fromisocalendar(year, number, 1)
    except ValueError:
        return None


def _months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = _after_month(year, month + 1) - DAY
    return date(year, month + 1, min(day.day, last.day))


def _after_month(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1)
