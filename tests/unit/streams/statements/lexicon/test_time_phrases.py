"""Phrases of time as periods relative to a publication."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from bordertally.streams.statements.lexicon.time_phrases import DayShift, StatedPeriod, Times, Until
from unit.streams.statements.kit import ENGLISH, RUSSIAN, TUESDAY, scan

TIMES = Times(ENGLISH.language, TUESDAY)


def read(phrase: str, published: datetime = TUESDAY, *, russian: bool = False) -> object:
    """What the first phrase of time of a text means."""
    marks = scan(phrase, RUSSIAN if russian else ENGLISH, published).of("period")
    return marks[0].value if marks else None


def period(phrase: str, published: datetime = TUESDAY, *, russian: bool = False) -> str | None:
    value = read(phrase, published, russian=russian)
    return value.text if isinstance(value, StatedPeriod) else None


def on(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Almaty"))


@pytest.mark.parametrize(
    ("phrase", "published", "expected"),
    [
        ("last year", "2022-09-27T09:00", "2021-01-01/2022-01-01"),
        ("in the past year", "2022-09-27T09:00", "2021-09-27/2022-09-27"),
        ("in the past month", "2022-09-27T09:00", "2022-08-27/2022-09-27"),
        ("last month", "2022-01-10T09:00", "2021-12-01/2022-01-01"),
        ("last week", "2022-09-27T09:00", "2022-09-19/2022-09-26"),
        ("from October to December", "2022-01-10T09:00", "2021-10-01/2022-01-01"),
        ("from October to December", "2022-12-31T09:00", "2022-10-01/2023-01-01"),
        ("from July to August", "2022-09-27T09:00", "2022-07-01/2022-09-01"),
        ("from October to December 2020", "2022-01-10T09:00", "2020-10-01/2021-01-01"),
        ("in week 38", "2022-09-27T09:00", "2022-09-19/2022-09-26"),
        ("on Monday", "2022-09-27T09:00", "2022-09-26"),
        ("on 30 September", "2022-09-27T09:00", "2021-09-30"),
        ("since Monday", "2022-09-26T09:00", "2022-09-19/2022-09-27"),
        ("at the weekend", "2022-09-27T09:00", "2022-09-24/2022-09-26"),
    ],
)
def test_what_a_phrase_means(phrase: str, published: str, expected: str) -> None:
    assert period(phrase, on(published)) == expected


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [("в прошлом году", "2021-01-01/2022-01-01"), ("с понедельника", "2022-09-26/2022-09-28"), ("вчера", "2022-09-26")],
)
def test_russian_phrases(phrase: str, expected: str) -> None:
    assert period(phrase, russian=True) == expected


def test_ends_and_shifts_are_no_periods_of_their_own() -> None:
    assert read("by Sunday") == Until(date(2022, 9, 26))
    assert read("the day before") == DayShift(-1)


@pytest.mark.parametrize(
    ("kind", "taken"), [("day", ("date", "31 April")), ("week", ("n", "60")), ("day", ("date", "29 February 2022"))]
)
def test_a_day_that_no_calendar_has_is_impossible(kind: str, taken: tuple[str, str]) -> None:
    value = TIMES.resolve(kind, [taken])
    assert isinstance(value, StatedPeriod)
    assert value.impossible


@pytest.mark.parametrize(
    ("phrase", "published", "expected"),
    [
        ("in week 53", "2021-01-05T09:00", "2020-12-28/2021-01-04"),
        ("in week 53 of 2020", "2022-01-05T09:00", "2020-12-28/2021-01-04"),
        ("on 29 February", "2021-01-05T09:00", "2020-02-29"),
        ("from October 2020 to January 2022", "2022-09-27T09:00", "2020-10-01/2022-02-01"),
        ("in the week since the president spoke of a call-up", "2022-09-28T12:00", "2022-09-21/2022-09-28"),
        ("in January and February", "2022-09-27T09:00", "2022-01-01/2022-03-01"),
        ("in the first nine months", "2022-11-27T09:00", "2022-01-01/2022-10-01"),
    ],
)
def test_long_years_leap_days_and_weeks_since(phrase: str, published: str, expected: str) -> None:
    assert period(phrase, on(published)) == expected


def test_a_leap_day_of_this_year_is_not_looked_for_in_an_earlier_one() -> None:
    value = read("on 29 February", on("2022-03-03T09:00"))
    assert isinstance(value, StatedPeriod)
    assert value.impossible


def test_a_day_of_the_week_that_does_not_fit_its_date_is_impossible() -> None:
    value = read("on Monday, 24 September 2022")
    assert isinstance(value, StatedPeriod)
    assert value.impossible
    assert period("on Saturday, 24 September 2022") == "2022-09-24"


@pytest.mark.parametrize(
    ("written", "expected"),
    [("13/05/2022", "2022-05-13"), ("05/13/2022", "2022-05-13"), ("05/05/2022", "2022-05-05")],
)
def test_a_date_with_slashes_that_can_be_one_day_only(written: str, expected: str) -> None:
    assert period(f"on {written}", on("2022-09-27T09:00")) == expected


@pytest.mark.parametrize(
    ("phrase", "russian"),
    [
        ("on 04/05/2022", False),
        ("on 30 September", False),  # said on 27 September: last year, or to come?
        ("from 1 September", False),
        ("on Monday between 8 a.m. and noon", False),
        ("from 8:00 to 12:00 on 5 September", False),
        ("26 сентября с 8 до 12 часов", True),
        ("по середину сентября", True),
    ],
)
def test_a_phrase_that_leaves_the_days_open_is_vague(phrase: str, *, russian: bool) -> None:
    value = read(phrase, russian=russian)
    assert isinstance(value, StatedPeriod)
    assert value.vague


def test_what_lies_in_the_future_means_nothing() -> None:
    assert TIMES.resolve("month", [("month", "May"), ("year", "2030")]) is None


def test_a_period_moves_by_days() -> None:
    day = StatedPeriod(date(2022, 9, 26), date(2022, 9, 27))
    assert day.shifted(-1).text == "2022-09-25"
    assert day.days == 1
