"""Values called independent come from R: earsC of surveillance 1.20.3."""

from __future__ import annotations

from statistics import fmean, stdev

import pytest

from bordertally.streams.learning.ears import c1, c2, c3, plain, statistic
from bordertally.streams.learning.levels import Tuning
from bordertally.streams.learning.methods import METHODS
from unit.streams.learning.kit import EARS, FIRST, SECOND, upper


@pytest.mark.parametrize(
    ("series", "name", "first", "floor", "bounds"),
    [
        (FIRST, "c1", 8, 0, [6409.73976, 6420.11271, 6460.79227, 6630.28736, 11204.22169, 13528.81685, 14982.67756]),
        (FIRST, "c2", 10, 0, [6409.73976, 6420.11271, 6460.79227, 6630.28736, 11204.22169]),
        (FIRST, "c2", 10, 500, [7045.11615, 7030.83044, 7045.11615, 7159.40187, 11204.22169]),
        (SECOND, "c1", 8, 0, [186.727693, 184.874993, 355.586057, 445.752138, 483.635997, 500.155453]),
        (SECOND, "c2", 10, 0, [186.727693, 184.874993, 355.586057, 445.752138]),
    ],
)
def test_ears_agrees_with_an_independent_implementation(
    series: list[float], name: str, first: int, floor: float, bounds: list[float]
) -> None:
    tuning = EARS._replace(sigma_floor=floor)
    method = METHODS[name]
    assert upper(series, method.back, method.learn, first, tuning) == pytest.approx(bounds, abs=1e-5)


def test_the_statistic_of_c2_agrees_with_an_independent_implementation() -> None:
    found = [statistic(FIRST[t - 10 : t - 3], FIRST[t - 1], EARS) for t in range(10, 15)]
    assert found == pytest.approx([1.69842, 14.26816, 14.79515, 14.55605, 2.28941], abs=1e-5)


def test_c3_is_the_sum_of_the_last_three_statistics_less_one_each() -> None:
    """Read back from its threshold: y exceeds it by as many sigmas as the sum exceeds z - 1."""
    sums = []
    for t in range(12, 15):
        level = c3([FIRST[t - 1 - back] for back in METHODS["c3"].back], EARS._replace(sigmas=1000.0))
        assert level is not None
        sigma = stdev(FIRST[t - 10 : t - 3])
        sums.append((FIRST[t - 1] - level.threshold) / sigma + 1000 - 1)
    assert sums == pytest.approx([27.76173, 40.61936, 28.64062], abs=1e-4)


def test_c3_finds_a_rise_too_slow_for_c2() -> None:
    #  0 0 0 ...      two days 2.5 sigmas up, then a third
    quiet = [90.0, 110, 100, 90, 110, 100, 100, 90, 110]
    slow = [*quiet, 121.0, 121.0]
    by_c2, by_c3 = c2(slow[2:9], Tuning(3, 0, 0)), c3(slow, Tuning(3, 0, 0))
    assert by_c2 is not None
    assert by_c3 is not None
    assert by_c2.threshold > 121 > by_c3.threshold > by_c3.expected


def test_c3_needs_the_day_itself_to_add_something() -> None:
    """Where the days before exceed alone, a figure within one sigma of what is expected still opens nothing."""
    level = c3([90.0, 110, 100, 90, 110, 100, 100, 90, 110, 900, 900], Tuning(3, 0, 0))
    assert level is not None
    assert level.threshold == pytest.approx(level.expected + stdev([100, 90, 110, 100, 100, 90, 110]))


def test_the_mean_is_that_of_28_days() -> None:
    days = [float(day * 37 % 101) for day in range(28)]
    assert plain(days, Tuning(3, 0, 0)) == pytest.approx((fmean(days), fmean(days) + 3 * stdev(days)))
    assert c1(days[:7], Tuning(3, 0, 0)) == pytest.approx((fmean(days[:7]), fmean(days[:7]) + 3 * stdev(days[:7])))
