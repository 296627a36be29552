from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.errors import ConfigError
from bordertally.streams.totals.calendar import (
    CalendarView,
    Each,
    NamedPeriod,
    apportioned,
    calendar_figures,
    calendar_period,
    calendar_periods,
    kind_of,
    period_named,
    period_total,
    total_of,
)
from bordertally.streams.totals.days import day_figures, people
from bordertally.streams.totals.records import CalendarFigure, DayFigure, DayShare, PeriodTotal
from unit.kit import claim, daily, ordinal, told


@pytest.mark.parametrize(
    ("name", "first", "end"),
    [
        ("2022-W38", "2022-09-19", "2022-09-26"),  # Monday to Sunday
        ("2020-W53", "2020-12-28", "2021-01-04"),  # a long year of ISO 8601
        ("2021-W01", "2021-01-04", "2021-01-11"),
        ("2024-02", "2024-02-01", "2024-03-01"),
        ("2022-12", "2022-12-01", "2023-01-01"),
        ("2022", "2022-01-01", "2023-01-01"),
        ("2022-09-21/2022-09-28", "2022-09-21", "2022-09-28"),
    ],
)
def test_a_period_by_its_name(name: str, first: str, end: str) -> None:
    assert period_named(name) == NamedPeriod(name, ordinal(first), ordinal(end))


@pytest.mark.parametrize("name", ["2021-W53", "2022-13", "22", "September", "2022-09-28/2022-09-21", "2022-09-21", "/"])
def test_what_is_no_period_is_named(name: str) -> None:
    with pytest.raises(ConfigError, match="is not a period; write a week"):
        period_named(name)


@given(st.sampled_from(("week", "month", "year")), st.dates(date(1990, 1, 1), date(2050, 1, 1)))
def test_periods_tile_the_calendar_and_their_names_say_which(each: Each, day: date) -> None:
    first, last = day.toordinal(), day.toordinal() + 800
    periods = list(calendar_periods(each, first, last))
    assert periods[0].first <= first < periods[0].end
    assert periods[-1].first <= last < periods[-1].end
    assert [period.first for period in periods[1:]] == [period.end for period in periods[:-1]]
    for period in periods:
        assert period_named(period.name) == period == calendar_period(each, period.end - 1)
        assert kind_of(period.name) == each


@pytest.mark.parametrize(
    ("figures", "shares"),
    [
        ([9428.571] * 7, [9429, 9429, 9429, 9429, 9428, 9428, 9428]),  # 66,000: the earlier days get the rest
        ([1.2, 1.7, 1.1], [1, 2, 1]),
        ([0.5, 0.5], [1, 0]),
        ([0.4, 0.4, 0.4], [1, 0, 0]),  # 1.2: each alone would be 0
        ([], []),
    ],
)
def test_days_are_apportioned_by_the_largest_remainder(figures: list[float], shares: list[int]) -> None:
    assert apportioned(figures, people(sum(figures))) == shares


@given(st.lists(st.floats(0, 1e6), max_size=40))
def test_apportioned_days_add_up_and_lie_next_to_their_figures(figures: list[float]) -> None:
    total = people(sum(figures))
    shares = apportioned(figures, total)
    assert sum(shares) == total
    assert all(abs(share - figure) < 1 for share, figure in zip(shares, figures, strict=True))


def test_a_period_adds_exact_days_and_rounds_once() -> None:
    week = claim(66_000, "2022-09-19/2022-09-26", qualifier="nearly")  # 9,428.57 a day
    figures = day_figures(told(week).node())
    assert [figure.best for figure in figures] == [9_429] * 7  # each rounded alone: 66,003 in all
    total = period_total("RU:KZ", period_named("2022-W38"), figures, days=True)
    assert (total.low, total.best, total.high, total.covered_days) == (65_000, 66_000, 66_000, 7)
    assert [day.best for day in total.days] == [9_429] * 4 + [9_428] * 3
    three = period_total("RU:KZ", period_named("2022-09-19/2022-09-22"), figures)
    assert (three.best, three.days) == (28_286, [])  # 28,285.7


def test_a_period_is_open_above_unless_every_day_is_bounded() -> None:
    figures = day_figures(told(daily([100, None, 300], qualifier="count")).node())
    assert period_total("RU:KZ", period_named("2022-09-01/2022-09-04"), figures, days=True) == PeriodTotal(
        "RU:KZ",
        "2022-09-01/2022-09-04",
        "2022-09-01",
        "2022-09-04",
        400,
        400,
        None,
        2,
        [DayShare("2022-09-01", 100), DayShare("2022-09-03", 300)],
    )
    assert period_total("RU:KZ", period_named("2022-09-03/2022-09-04"), figures).high == 300


def test_a_withdrawn_day_is_not_covered() -> None:
    figures = [DayFigure("RU:KZ", "2022-09-01", 0, 0, None), DayFigure("RU:KZ", "2022-09-02", 5, 5, 5)]
    assert period_total("RU:KZ", period_named("2022-09"), figures).covered_days == 1


def test_the_state_of_a_flow_has_its_newest_weeks_months_and_years() -> None:
    counts = daily([10] * 40, first="2021-12-06", qualifier="count")  # Monday 6 December to Friday 14 January
    desk = told(counts)
    weeks = [CalendarFigure(f"2021-W{week}", 70, 70, 70, 7) for week in (49, 50, 51, 52)]
    weeks += [CalendarFigure("2022-W01", 70, 70, 70, 7), CalendarFigure("2022-W02", 50, 50, None, 5)]
    months = [CalendarFigure("2021-12", 260, 260, None, 26), CalendarFigure("2022-01", 140, 140, None, 14)]
    years = [CalendarFigure("2021", 260, 260, None, 26), CalendarFigure("2022", 140, 140, None, 14)]
    assert desk.state().calendar == [*weeks, *months, *years]
    assert total_of("RU:KZ", years[1]) == PeriodTotal("RU:KZ", "2022", "2022-01-01", "2023-01-01", 140, 140, None, 14)
    desk.take(claim(40, "2021-12-31", id="corrected", source="a", qualifier="count"))
    changed = {figure.period: figure.best for figure in desk.state().calendar}
    assert changed["2021-W52"] == 100
    assert (changed["2021-12"], changed["2021"], changed["2022"]) == (290, 290, 140)
    assert calendar_figures(desk.node("RU")) == desk.state("RU").calendar
    assert {figure.period: figure.best for figure in desk.state("RU").calendar} == changed


def test_a_new_latest_day_leaves_the_day_before_it_in_its_periods() -> None:
    desk = told(daily([10] * 7, first="2022-09-19"))  # Monday to Sunday
    assert [figure.best for figure in desk.state().calendar] == [70, 70, 70]
    desk.take(claim(5, "2022-09-26", id="monday"))
    assert {figure.period: figure.best for figure in desk.state().calendar} == {
        "2022-W38": 70,
        "2022-W39": 5,
        "2022-09": 75,
        "2022": 75,
    }
    desk.take(claim(3, "2023-01-02", id="next year", published="2023-01-03T09:00:00Z"))
    assert {figure.period: figure.best for figure in desk.state().calendar} == {  # one of the newest six weeks
        "2023-W01": 3,
        "2022-09": 75,
        "2023-01": 3,
        "2022": 75,
        "2023": 3,
    }


def test_a_doubt_that_comes_later_raises_the_high_of_its_period() -> None:
    desk = told(daily([10] * 7, first="2022-09-05", qualifier="count"))
    assert desk.state().calendar[0] == CalendarFigure("2022-W36", 70, 70, 70, 7)
    desk.take(claim(25, "2022-09-06", source="d", id="doubt", qualifier="count"))
    assert desk.state().calendar[0] == CalendarFigure("2022-W36", 70, 70, 85, 7)


def test_a_batch_that_changes_the_latest_day_of_one_flow_below_and_an_earlier_day_of_another() -> None:
    first, last = "2022-09-26", "2022-09-27"
    desk = told(
        *[claim(100, day, flow=flow, id=f"{flow} {day}") for flow in ("RU:GE", "RU:KZ") for day in (first, last)]
    )
    assert [figure.best for figure in desk.state("RU").calendar] == [400, 400, 400]  # the week, the month, the year
    view = desk.node("RU").views.of(CalendarView, CalendarView)
    view.figures_changed([ordinal(last)])
    desk.take(claim(700, first, flow="RU:KZ", id=f"RU:KZ {first}", published="2022-10-21T00:00:00Z"))
    assert [figure.best for figure in desk.state("RU").calendar] == [1000, 1000, 1000]
