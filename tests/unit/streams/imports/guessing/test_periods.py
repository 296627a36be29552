from __future__ import annotations

import pytest

from bordertally.streams.imports.guessing.periods import guessed_periods, is_of_days, wide_columns
from bordertally.streams.imports.guessing.samples import sampled
from bordertally.streams.imports.mapping import PeriodUnit


def test_the_period_of_columns_that_name_a_year_and_a_month() -> None:
    rows = [["2023", month, "7"] for month in ("Jan", "Feb", "Mar")]
    columns = [sampled(name, rows, index) for index, name in enumerate(("Year", "Month", "In"))]
    periods = guessed_periods(columns)
    assert (periods.columns, periods.unit, periods.form) == (["Year", "Month"], PeriodUnit.MONTH, "%Y %b")


def test_columns_that_are_months() -> None:
    columns = [sampled(name, [["7"]], 0) for name in ("Gate", "2023-01", "2023-02", "2023-03")]
    wide = wide_columns(columns)
    assert wide is not None
    assert wide[2] == ["2023-01", "2023-02", "2023-03"]
    assert wide_columns(columns[:3]) is None


def test_a_column_of_days() -> None:
    assert is_of_days(sampled("Day", [["01.05.2023"], ["02.05.2023"], ["Total"]], 0))
    assert not is_of_days(sampled("Day", [["7"], ["8"]], 0))


def test_a_column_of_totals_is_no_period() -> None:
    rows = [["TOTAL", "2024-01"], ["TOTAL", "2024-02"]]
    assert guessed_periods([sampled(name, rows, index) for index, name in enumerate(("age", "TIME"))]).columns == [
        "TIME"
    ]


def test_days_a_week_apart_may_name_weeks() -> None:
    rows = [["2024-01-07"], ["2024-01-14"], ["2024-01-21"]]
    assert 'is the unit "week-starting", or "week-ending"?' in guessed_periods([sampled("To", rows, 0)]).decide


@pytest.mark.parametrize(
    ("name", "last", "unit"),
    [
        ("Week ending", "2024-01-21", PeriodUnit.WEEK_ENDING),
        ("Week ending", "2024-01-20", PeriodUnit.DAY),  # six days later
        ("Date", "2024-01-21", PeriodUnit.DAY),  # asked: the first day, or the last one?
    ],
)
def test_days_that_are_named_as_the_last_of_weeks_are_guessed_so(name: str, last: str, unit: PeriodUnit) -> None:
    column = sampled(name, [["2024-01-07"], ["2024-01-14"], [last]], 0)
    assert guessed_periods([column]).unit is unit
