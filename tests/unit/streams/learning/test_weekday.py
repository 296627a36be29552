from __future__ import annotations

import pytest

from bordertally.streams.learning.ears import plain
from bordertally.streams.learning.levels import Tuning
from bordertally.streams.learning.student_t import quantile, tail
from bordertally.streams.learning.weekday import regression, weekday
from unit.streams.learning.kit import SMALL, Learn, weeks


def test_a_day_is_compared_with_its_own_weekday() -> None:
    level = weekday(weeks(1, 1, 1, 1), Tuning(3, 10, 0))
    assert level is not None
    assert level.expected == 90
    assert level.threshold == 120  # 90 and three floors of 10


def test_a_past_surge_does_not_poison_the_baseline_of_its_weekday() -> None:
    history = weeks(1, 1.02, 0.98, 1)
    quiet = weekday(history, SMALL)
    assert quiet is not None
    history[2 + 14] = 5000.0
    after = weekday(history, SMALL)
    assert after is not None
    assert after.expected == pytest.approx(quiet.expected, rel=0.02)
    assert after.threshold == pytest.approx(quiet.threshold, rel=0.1)
    poisoned = plain([one for one in history if one is not None], SMALL)
    assert poisoned is not None
    assert poisoned.threshold > 10 * after.threshold


def test_regression_follows_the_weekdays_and_the_trend_exactly() -> None:
    #  y = weekday + 2 a day: the day itself would be 90 + 2 x 30
    history = [rate + 2 * day for day, rate in enumerate(weeks(1, 1, 1, 1)) if rate is not None]
    level = regression(history, Tuning(3, 0, 0))
    assert level is not None
    assert level.expected == pytest.approx(90 + 2 * 30)
    assert level.threshold == pytest.approx(level.expected, abs=1e-3)


def test_regression_has_the_error_of_prediction_of_least_squares() -> None:
    """Against the normal equations, solved here by elimination."""
    history = [100.0 + 7 * (day % 7) + 3 * day + (day * 37 % 11) - (day * 53 % 7) for day in range(28)]
    rows = [[1.0 if weekday_ == day % 7 else 0.0 for weekday_ in range(7)] + [float(day)] for day in range(28)]
    new = [1.0 if weekday_ == 30 % 7 else 0.0 for weekday_ in range(7)] + [30.0]
    beta, at_new = _solved(rows, history), _solved(rows, None, new)
    residuals = [y - sum(b * x for b, x in zip(beta, row, strict=True)) for row, y in zip(rows, history, strict=True)]
    variance = sum(one * one for one in residuals) / 20
    lever = sum(a * b for a, b in zip(at_new, new, strict=True))
    expected = sum(b * x for b, x in zip(beta, new, strict=True))
    level = regression(history, Tuning(3, 0, 0))
    assert level is not None
    assert level.expected == pytest.approx(expected)
    assert level.threshold == pytest.approx(expected + quantile(tail(3), 20) * (variance * (1 + lever)) ** 0.5)


def _solved(rows: list[list[float]], y: list[float] | None, right: list[float] | None = None) -> list[float]:
    """(X'X)^-1 X'y, or (X'X)^-1 of a vector."""
    size = len(rows[0])
    matrix = [[sum(row[i] * row[j] for row in rows) for j in range(size)] for i in range(size)]
    if y is not None:
        right = [sum(row[i] * one for row, one in zip(rows, y, strict=True)) for i in range(size)]
    assert right is not None
    for i, line in enumerate(matrix):
        line.append(right[i])
    for i in range(size):
        matrix[i] = [one / matrix[i][i] for one in matrix[i]]
        for j in range(size):
            if j != i:
                matrix[j] = [a - matrix[j][i] * b for a, b in zip(matrix[j], matrix[i], strict=True)]
    return [line[-1] for line in matrix]


@pytest.mark.parametrize(("first", "learns"), [(7, True), (8, False)])
def test_a_weekday_is_learned_from_three_weeks_on(first: int, *, learns: bool) -> None:
    #  t-30 ... t-23 ... t-3: from t-23 on there are 21 days
    history = [None if day < first else one for day, one in enumerate(weeks(1, 1.1, 1, 1.2))]
    assert (weekday(history, SMALL) is not None) is learns
    assert regression(history, SMALL) is not None


@pytest.mark.parametrize("learn", [weekday, regression])
def test_gaps_are_allowed_up_to_half_and_not_on_all_days_of_the_weekday(learn: Learn) -> None:
    half: list[float | None] = [None if 7 <= day < 21 else one for day, one in enumerate(weeks(1, 1.1, 1, 1.2))]
    assert learn(half, SMALL) is not None
    assert learn([*half[:27], None], SMALL) is None
    assert learn([None if day % 7 == 2 else one for day, one in enumerate(weeks(1, 1, 1, 1))], SMALL) is None
