from __future__ import annotations

import pytest

from bordertally.streams.qualifiers import Interval, Qualifier, interval, rounding_unit, spread


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        (98_000, 1_000),
        (20_000, 2_000),
        (66_000, 1_000),
        (53_217, 1),
        (10, 1),
        (5, 0.5),
        (0, 0),
        (5.5, 0),
        (1_000_000, 100_000),
    ],
)
def test_the_rounding_unit_is_what_the_zeros_say_and_at_most_a_tenth(value: float, unit: float) -> None:
    assert rounding_unit(value) == unit


@pytest.mark.parametrize(
    ("qualifier", "expected"),
    [
        (Qualifier.COUNT, (98_000, 98_000, 98_000)),
        (Qualifier.STATED, (97_500, 98_000, 98_500)),
        (Qualifier.ABOUT, (97_000, 98_000, 99_000)),
        (Qualifier.NEARLY, (97_000, 98_000, 98_000)),
        (Qualifier.MORE_THAN, (98_000, 98_000, 99_000)),
        (Qualifier.AT_LEAST, (98_000, 98_000, None)),
        (Qualifier.AT_MOST, (0, 98_000, 98_000)),
    ],
)
def test_what_each_qualifier_means(qualifier: Qualifier, expected: tuple[float, float, float | None]) -> None:
    assert interval(98_000, qualifier) == expected


def test_a_range_is_best_in_its_middle() -> None:
    assert spread(5000, 6000, Qualifier.STATED) == (5000, 5500, 6000)
    assert spread(5000, 6000, Qualifier.AT_LEAST) == (5000, 5500, None)
    assert spread(5000, 6000, Qualifier.AT_MOST) == (0, 5500, 6000)


def test_a_daily_rate_scales_to_its_period() -> None:
    assert Interval(1, 2, 3).times(7) == (7, 14, 21)
    assert Interval(1, 2, None).times(7) == (7, 14, None)
