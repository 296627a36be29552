from __future__ import annotations

from math import sqrt

import pytest

from bordertally.streams.learning.levels import Learned, Tuning, known, moments


def test_the_defaults_are_three_sigmas_of_ten_people_or_a_sixth() -> None:
    #  a sixth of 60 is 10: below 60 people the floor in people is the larger one
    assert [Tuning().floor(expected) for expected in (0, 59, 60, 61, 600)] == [10, 10, 10, pytest.approx(61 / 6), 100]


@pytest.mark.parametrize(
    ("margin", "threshold"),
    [
        (0, 1_000 + 3 * 100),  # the floor: three standard deviations of a tenth
        (299, 1_300),
        (301, 1_301),  # more than the floor: the margin itself
    ],
)
def test_a_threshold_lies_the_margin_above_the_expected_rate_or_what_the_floors_make_of_it(
    margin: float, threshold: float
) -> None:
    assert Tuning(3, 10, 0.1).level(1_000, margin) == Learned(1_000, threshold)


def test_moments_are_the_mean_and_the_deviation_of_a_sample() -> None:
    #  mean 4; squares about it 4 + 1 + 1 + 4 = 10, by n - 1 = 3
    assert moments([2, 3, 5, 6]) == pytest.approx((4, sqrt(10 / 3)))


def test_days_that_are_not_covered_whole_are_left_out() -> None:
    assert known([1.0, None, 0.0, None, 3.0]) == [1.0, 0.0, 3.0]
