from __future__ import annotations

from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.learning.ewma import WEIGHTS, error, ewma
from bordertally.streams.learning.levels import Learned, Tuning
from bordertally.streams.learning.student_t import quantile, tail
from unit.streams.learning.kit import SMALL


def essence(history: list[float], today: float, sigmas: float) -> bool:
    """Whether either average exceeds its limit, by the definition: z worked out day by day, its error by simulation of
    its weights."""
    days = history[:-2]
    m, s, n = fmean(days), stdev(days), len(days)
    for w in WEIGHTS:
        share = [w * (1 - w) ** back for back in range(400)]  # of day t, t-1, ... in z(t)
        apart = [one - (1 / n if 3 <= back < 3 + n else 0) for back, one in enumerate(share)]
        width = quantile(tail(sigmas), n - 1) * s * sum(one * one for one in apart) ** 0.5
        z = m
        for y in history:
            z = min(max(w * y + (1 - w) * z, m - width), m + width)
        if w * today + (1 - w) * z > m + width:
            return True
    return False


@given(
    st.lists(st.floats(0, 1000), min_size=30, max_size=30).filter(lambda days: stdev(days[:28]) > 1),
    st.floats(0, 5000),
    st.sampled_from((2.33, 3.0)),
)
def test_the_threshold_of_ewma_is_where_its_statistic_exceeds(days: list[float], today: float, sigmas: float) -> None:
    level = ewma(days, Tuning(sigmas, 0, 0))
    assert level is not None
    if abs(today - level.threshold) > 1e-3:
        assert (today > level.threshold) == essence(days, today, sigmas)


def test_the_error_of_ewma_is_that_of_cdc() -> None:
    """For w = 0.4 and 28 days: 0.25 + 1/28 - 2 x 0.216 / 28; for w = 0.9: 0.81818 + 1/28 - 2 x 0.001 / 28."""
    assert [error(w, 28) ** 2 for w in WEIGHTS] == pytest.approx([0.270286, 0.853825], abs=1e-5)


def test_ewma_finds_a_rise_that_builds_up_and_forgets_one_day() -> None:
    quiet = [90.0, 110] * 14
    level, built, spike = (
        ewma([*quiet, *last], Tuning(3, 0, 0)) for last in ([100.0, 100], [125.0, 125], [100.0, 900])
    )
    assert level is not None
    assert built is not None
    assert spike is not None
    assert built.threshold < 125 < level.threshold
    assert spike.threshold > 100 + quantile(tail(3.0), 27) * stdev(quiet) * 0.5


def test_ewma_needs_eleven_days() -> None:
    assert ewma([None] * 17 + [100.0] * 10 + [None, 100.0, 100.0], SMALL) is None
    level = ewma([None] * 17 + [100.0] * 11 + [100.0, 100.0], SMALL)
    assert level == Learned(100, 130)
