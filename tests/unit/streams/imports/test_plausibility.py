from __future__ import annotations

from collections.abc import Mapping

import pytest

from bordertally.streams.imports.calendar_periods import DaySpan
from bordertally.streams.imports.plausibility import falls, hidden_totals, repeated_periods, rounding_of
from bordertally.streams.imports.series import ImportedSeries, PeriodFigure, SeriesKey
from bordertally.streams.qualifiers import Qualifier
from unit.streams.imports.kit import PUBLISHED

DAY = 738_000


def series(places: Mapping[str, list[float]], *, cumulative: bool = False) -> dict[SeriesKey, ImportedSeries]:
    """By place, its figures of consecutive days; of periods from the first day on, if they are cumulative."""
    made = {}
    for place, figures in places.items():
        key = SeriesKey(f"BR:UY:{place}", "people", "people", "crossings")
        made[key] = ImportedSeries(key, Qualifier.COUNT, None)
        for day, people in enumerate(figures, DAY):
            span = DaySpan(DAY if cumulative else day, day + 1)
            made[key].claims[span] = PeriodFigure(people, 1, 1, PUBLISHED)
    return made


@pytest.mark.parametrize(
    ("figures", "step"),
    [
        ([61_400, 66_700, 70_600, 65_300], 100),
        ([61_400, 66_700, 0], 1),  # of two figures out of a hundred each, chance is 1 in 10,000
        ([35, 40, 10, 5, 15, 20, 95, 60, 55], 5),
        ([35, 40, 10, 5, 15, 20, 95, 60, 56], 1),
        ([2000, 9000, 14_000], 1000),
        ([], 1),
    ],
)
def test_what_figures_are_rounded_to(figures: list[float], step: int) -> None:
    assert rounding_of(figures) == step


def test_a_place_that_is_the_sum_of_the_others() -> None:
    of_all = series({"north": [1, 2, 3], "old-bridge": [4, 0, 2], "whole": [5, 2, 5]})
    assert [key.flow for key in hidden_totals(of_all)] == []  # too small: it may be so by chance
    of_all = series({"north": [1000, 2, 3], "old-bridge": [4, 0, 2], "whole": [1004, 2, 5]})
    assert [key.flow for key in hidden_totals(of_all)] == ["BR:UY:whole"]


def test_a_period_that_repeats_the_one_before() -> None:
    places = {"a": [100, 100, 100.0], "b": [205, 205, 205.0], "c": [309, 309, 310.0], "d": [5, 5, 5.0]}
    assert list(repeated_periods(series(places))) == [(DaySpan(DAY + 1, DAY + 2), DaySpan(DAY, DAY + 1))]
    assert list(repeated_periods(series({"a": [100, 100.0], "b": [205, 205.0], "d": [5, 5.0]}))) == []


def test_cumulative_figures_that_fall() -> None:
    fallen = list(falls(series({"a": [10, 12, 11, 11, 13.0], "b": [1, 1, 2.0]}, cumulative=True)))
    assert [(key.flow, span) for key, span in fallen] == [
        ("BR:UY:a", DaySpan(DAY, DAY + 3)),
        ("BR:UY:a", DaySpan(DAY, DAY + 4)),
    ]
