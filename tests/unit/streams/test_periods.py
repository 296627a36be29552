from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bordertally.streams.errors import Reason, RefusedError
from bordertally.streams.periods import (
    DAY,
    Period,
    days_of,
    doubtful_times,
    iso_day,
    midnight,
    ordinal_day,
    ordinal_of,
    parse_period,
)
from unit.kit import ordinal

UTC_ZONE, WARSAW, ALMATY = ZoneInfo("UTC"), ZoneInfo("Europe/Warsaw"), ZoneInfo("Asia/Almaty")


def spelled(period: Period) -> str:
    """A period as UTC moments, to compare with."""
    return "/".join(
        datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S") for moment in (period.start, period.end)
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2022-09-21/2022-09-28", "2022-09-21T00:00:00/2022-09-28T00:00:00"),
        ("2022-09-21/P7D", "2022-09-21T00:00:00/2022-09-28T00:00:00"),
        ("2022-09-21/P1W", "2022-09-21T00:00:00/2022-09-28T00:00:00"),
        ("P7D/2022-09-26", "2022-09-19T00:00:00/2022-09-26T00:00:00"),
        ("2022-09-21", "2022-09-21T00:00:00/2022-09-22T00:00:00"),
        ("2022-09-26T10:00Z/PT1H", "2022-09-26T10:00:00/2022-09-26T11:00:00"),
        ("2022-09-26T10:00/2022-09-26T10:30", "2022-09-26T10:00:00/2022-09-26T10:30:00"),
        ("2022-09-26 10:00/PT90M", "2022-09-26T10:00:00/2022-09-26T11:30:00"),
        ("2022-09-26T10:00+05:00/2022-09-26T10:00Z", "2022-09-26T05:00:00/2022-09-26T10:00:00"),
        ("2022-09-26T10:00-0330/PT1S", "2022-09-26T13:30:00/2022-09-26T13:30:01"),
        ("2022-09-26T10:00:00.750Z/PT1M", "2022-09-26T10:00:00/2022-09-26T10:01:00"),
        ("2022-01-31/P1M", "2022-01-31T00:00:00/2022-02-28T00:00:00"),
        ("2022-12-31/P2M", "2022-12-31T00:00:00/2023-02-28T00:00:00"),
        ("2022-11-30/P1M", "2022-11-30T00:00:00/2022-12-30T00:00:00"),
        ("2022-10-31/P1M1D", "2022-10-31T00:00:00/2022-12-01T00:00:00"),
        ("P1M/2022-03-31", "2022-02-28T00:00:00/2022-03-31T00:00:00"),
        ("2024-02-29/P1Y", "2024-02-29T00:00:00/2025-02-28T00:00:00"),
        ("2024-02-28/P2D", "2024-02-28T00:00:00/2024-03-01T00:00:00"),
        ("2023-02-28/P1D", "2023-02-28T00:00:00/2023-03-01T00:00:00"),
        ("2022-09-26/P1DT12H", "2022-09-26T00:00:00/2022-09-27T12:00:00"),
    ],
)
def test_every_iso_8601_form_of_an_interval(text: str, expected: str) -> None:
    assert spelled(parse_period(text, UTC_ZONE)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "last week",
        "2022-09-21T10:00",
        "2022-9-1/P1D",
        "2022-02-29",
        "2022-09-21/2022-09-21",
        "2022-09-28/2022-09-21",
        "2022-09-21/P",
        "2022-09-21/PT",
        "2022-09-21/P0D",
        "2022-09-21/P-1D",
        "P1D/P1D",
        "P1D/",
        "2022-09-21/P9999Y",
        "P9999Y/2022-09-21",
        "0001-01-01T00:00+14:00/P1D",
        "9999-12-31/P1D",
        "2022-09-21/2022-09-22/2022-09-23",
        "2022-09-26T25:00/PT1H",
        "٢٠٢٢-09-21",
    ],
)
def test_what_is_no_period_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(RefusedError) as caught:
        parse_period(text, UTC_ZONE)
    assert (caught.value.reason, caught.value.field, caught.value.value) == (Reason.BAD_PERIOD, "period", text)


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("2020-W53", "write 2020-12-28/2021-01-04"),  # of 2020 and 2026, not of 2021
        ("2021-W53", "write a date such as 2022-09-27 or a date-time such as 2022-09-27T10:00Z"),
        ("2023-06", "write 2023-06-01/P1M"),
        ("2024", "write 2024-01-01/P1Y"),
        ("2023-W22/2023-W23", "write a date such as 2022-09-27 or a date-time such as 2022-09-27T10:00Z"),
        ("P7D", "write start/duration or duration/end"),
    ],
)
def test_an_error_says_what_to_write_instead(text: str, instead: str) -> None:
    with pytest.raises(RefusedError) as refusal:
        parse_period(text, ZoneInfo("UTC"))
    assert refusal.value.why.endswith(instead)


def test_bare_dates_are_days_of_the_source() -> None:
    period = parse_period("2022-09-21", ALMATY)
    assert spelled(period) == "2022-09-20T18:00:00/2022-09-21T18:00:00"
    assert iso_day(period.first_day) == iso_day(period.last_day) == "2022-09-21"


def test_naive_times_are_read_in_the_zone_of_the_source() -> None:
    assert parse_period("2022-09-21T10:00/PT1H", ALMATY) == parse_period("2022-09-21T04:00Z/PT1H", ALMATY)


def test_two_spellings_of_one_period_are_one_period() -> None:
    assert parse_period("P7D/2022-09-26", WARSAW) == parse_period("2022-09-19/2022-09-26", WARSAW)


def test_a_day_in_another_zone_lies_on_two_days_of_the_source() -> None:
    period = parse_period("2022-09-21T00:00Z/P1D", ALMATY)
    assert [iso_day(period.first_day), iso_day(period.last_day)] == ["2022-09-21", "2022-09-22"]
    assert not period.part_of_day


@pytest.mark.parametrize(("day", "hours"), [("2022-03-27", 23), ("2022-10-30", 25), ("2022-06-01", 24)])
def test_a_day_is_a_day_also_when_clocks_change(day: str, hours: int) -> None:
    period = parse_period(day, WARSAW)
    assert period.end - period.start == hours * 3600
    assert period.days == 1
    assert period.first_day == period.last_day == ordinal(day)


def test_the_hour_that_clocks_skip_leaves_no_hole_in_the_day() -> None:
    # 01:00 --------> 02:00 = 03:00 --------> 04:00   (wall clock of 27 March 2022)
    before, after = (parse_period(f"2022-03-27T0{hour}:00Z/PT1H", WARSAW) for hour in (0, 1))
    assert before.local_end == after.local_start == midnight(ordinal("2022-03-27")) + 3 * 3600


def test_the_hour_that_clocks_repeat_is_two_periods_on_one_hour_of_the_wall() -> None:
    # 02:00 CEST ---> 03:00 CEST = 02:00 CET ---> 03:00 CET   (30 October 2022)
    first, second = (parse_period(f"2022-10-30T0{hour}:00Z/PT1H", WARSAW) for hour in (0, 1))
    assert first.end == second.start
    assert (first.local_start, first.local_end) == (second.local_start, second.local_end)


CAIRO, NUUK = ZoneInfo("Africa/Cairo"), ZoneInfo("America/Nuuk")


@pytest.mark.parametrize(
    ("text", "zone", "hours"),
    [
        ("2022-03-26T12:00/P1D", WARSAW, 23),
        ("2022-03-26T12:00/PT24H", WARSAW, 23),  # the clock shows 12:00 again
        ("2022-03-26T12:00+01:00/PT24H", WARSAW, 24),  # with an offset, time passes
        ("2022-03-27T00:00/PT6H", WARSAW, 5),  # ends at 06:00
        ("2022-10-30T00:00/PT6H", WARSAW, 7),
        ("PT6H/2022-10-30T06:00", WARSAW, 7),
        ("2022-10-30T00:00+02:00/PT6H", WARSAW, 6),
        ("2022-10-30T01:00/PT1H", WARSAW, 1),  # ends at the first 02:00
        ("2022-10-30T02:00/PT1H", WARSAW, 2),  # an hour shown twice: which one is not known
        ("2022-10-30T02:15/PT15M", WARSAW, 1.25),
        ("2022-03-27T02:00/PT1H", WARSAW, 1),  # an hour that is not shown
        ("2023-04-28", CAIRO, 23),  # begins at 01:00
        ("2023-10-26", CAIRO, 25),
    ],
)
def test_durations_are_wall_clock_time_without_an_offset_and_elapsed_time_with_one(
    text: str, zone: ZoneInfo, hours: float
) -> None:
    period = parse_period(text, zone)
    assert (period.end - period.start) / 3600 == hours


@pytest.mark.parametrize(
    ("text", "zone", "doubtful"),
    [
        ("2022-10-30T02:00/PT1H", WARSAW, "2022-10-30T02:00"),
        ("2022-10-30T01:30/PT1H", WARSAW, "2022-10-30T02:30"),
        ("2022-10-30T01:30/2022-10-30T02:30", WARSAW, "2022-10-30T02:30"),
        ("2022-03-27T02:30/PT1H", WARSAW, "2022-03-27T02:30"),
        ("2022-10-30T01:00/PT1H", WARSAW, ""),  # ends where the doubtful hour begins
        ("2022-03-27T01:00/PT1H", WARSAW, ""),
        ("2022-10-30T03:00/PT1H", WARSAW, ""),
        ("2022-10-30T00:00/PT6H", WARSAW, ""),
        ("2022-10-30T02:00+01:00/PT1H", WARSAW, ""),
        ("2022-10-30", WARSAW, ""),
        ("2023-04-28", CAIRO, ""),
        ("2023-04-28T00:00/PT1H", CAIRO, "2023-04-28T00:00"),
    ],
)
def test_a_time_that_does_not_exist_or_exists_twice_is_named(text: str, zone: ZoneInfo, doubtful: str) -> None:
    assert doubtful_times(text, zone) == doubtful


def test_the_first_hour_of_a_day_without_midnight_begins_the_day() -> None:
    day = midnight(ordinal("2023-04-28"))
    last, first = (parse_period(f"2023-04-{at}/PT1H", CAIRO) for at in ("27T23:00", "28T01:00"))
    assert (last.local_end, last.end) == (day, first.start)
    assert (first.local_start, first.local_end) == (day, day + 2 * 3600)


@pytest.mark.parametrize(
    ("text", "zone", "before"),
    [
        ("2022-10-29T22:00/PT6H", WARSAW, 2),  # clocks go back after midnight
        ("2023-10-26T20:00/PT6H", CAIRO, 5),  # before it: 20-23, then 23-24 twice
        ("2022-03-26T20:00/PT6H", NUUK, 3),  # forward before it: 22-23 is skipped
        ("2022-10-28T22:00/PT6H", WARSAW, 2),
    ],
)
def test_a_reading_over_midnight_lies_before_it_for_as_long_as_time_passes(
    text: str, zone: ZoneInfo, before: int
) -> None:
    period = parse_period(text, zone)
    night = period.local_end - period.local_end % 86_400
    assert (night - period.local_start) / 3600 == before


def test_only_what_is_shorter_than_a_day_is_a_reading() -> None:
    assert parse_period("2022-09-26T23:00/PT1H", UTC_ZONE).part_of_day
    assert parse_period("2022-09-26T23:30/PT1H", UTC_ZONE).part_of_day
    assert not parse_period("2022-09-26", UTC_ZONE).part_of_day


def test_days_touched_by_a_stretch_of_time() -> None:
    start = midnight(738_000)
    assert list(days_of(start, start + DAY)) == [738_000]
    assert list(days_of(start + 1, start + DAY + 1)) == [738_000, 738_001]


def test_days_are_counted_from_the_first_of_january_of_year_one() -> None:
    """1970-01-01 is day 719,163 (`date.toordinal`), and 2022-09-21 comes 19,256 days later."""
    assert (ordinal_day("0001-01-01"), iso_day(1)) == (1, "0001-01-01")
    assert (ordinal_day("2022-09-21"), iso_day(738_419)) == (738_419, "2022-09-21")
    assert midnight(738_419) == 19_256 * DAY


def test_a_moment_of_the_wall_clock_lies_on_its_day_to_the_last_second() -> None:
    assert [ordinal_of(seconds) for seconds in (-1, 0, DAY - 1, DAY)] == [719_162, 719_163, 719_163, 719_164]


@pytest.mark.parametrize("text", ["2022-02-30", "21 Sep 2022", ""])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"day is out of range|Invalid isoformat|must be in range"):
        ordinal_day(text)
