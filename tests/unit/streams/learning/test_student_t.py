from __future__ import annotations

import pytest

from bordertally.streams.learning.student_t import cumulative, quantile, tail


@pytest.mark.parametrize(
    ("probability", "freedom", "t"),
    # tables: Abramowitz and Stegun, 26.10
    [(0.975, 1, 12.706), (0.975, 6, 2.447), (0.95, 5, 2.015), (0.99, 20, 2.528), (0.995, 3, 5.841), (0.9, 2, 1.886)],
)
def test_quantiles_are_those_of_the_tables(probability: float, freedom: int, t: float) -> None:
    assert quantile(probability, freedom) == pytest.approx(t, abs=5e-4)
    assert cumulative(quantile(probability, freedom), freedom) == pytest.approx(probability, abs=1e-12)


def test_three_sigmas_are_one_in_741() -> None:
    assert 1 / (1 - tail(3)) == pytest.approx(740.8, abs=0.1)
