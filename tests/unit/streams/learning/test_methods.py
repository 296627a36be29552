"""Values called independent come from R: earsC of surveillance 1.20.3 and ears_t_reweighted of epitweetr."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import NormalDist, fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.learning.ears import c1, c2, c3, plain, statistic
from bordertally.streams.learning.ewma import WEIGHTS, error, ewma
from bordertally.streams.learning.levels import History, Learned, Tuning, known
from bordertally.streams.learning.methods import METHODS, Method, looks_back
from bordertally.streams.learning.reweighted import _upper, reweighted, weights
from bordertally.streams.learning.student_t import cumulative, quantile, tail
from bordertally.streams.learning.weekday import regression, weekday

FIRST = [5400.0, 5600, 5200, 5900, 5800, 5100, 5500, 5300, 5700, 6000, 9800, 10100, 10400, 9900]
SECOND = [150.0, 130, 122, 160, 155, 128, 144, 125, 300, 319, 289, 277, 500]
EARS = Tuning(NormalDist().inv_cdf(0.999), 0, 0)
"""z = 3.090232, no floors."""
EPITWEETR = Tuning(NormalDist().inv_cdf(0.975), 0, 0)
SMALL = Tuning(sigma_floor=10, sigma_floor_share=1 / 12)
Learn = Callable[[History, Tuning], Learned | None]


def unweighted(history: History, tuning: Tuning) -> Learned:
    """U0: Student's form with all weights 1, which other implementations have too."""
    days = known(history)
    mean, margin = _upper(days, [1.0] * len(days), tail(tuning.sigmas))
    return tuning.level(mean, margin)


def upper(series: Sequence[float], back: range, learn: Learn, first: int, tuning: Tuning) -> list[float]:
    """The thresholds of day t = `first`, counted from 1, and of those after it."""
    found = []
    for t in range(first, len(series) + 1):
        level = learn([series[t - 1 - one] for one in back], tuning)
        assert level is not None
        found.append(level.threshold)
    return found


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


def test_students_form_agrees_with_an_independent_implementation() -> None:
    back = METHODS["reweighted"].back
    assert upper(FIRST, back, unweighted, 8, EPITWEETR) == pytest.approx(
        [6270.08798, 6276.67564, 6313.30355, 6474.32359, 10431.65074, 12493.70075, 13840.61013], abs=1e-5
    )
    assert upper(FIRST, back, reweighted, 12, EPITWEETR) == pytest.approx(
        [6437.05164, 12489.66864, 13840.61013], abs=1e-5
    )


def test_a_figure_far_above_others_that_are_all_equal_counts_for_nothing() -> None:
    assert weights([100.0] * 6 + [900.0]) == [1.0] * 6 + [0.0]
    assert weights([100.0] * 7) == [1.0] * 7
    level = reweighted([100.0] * 6 + [900.0], Tuning(3, 10, 0))
    assert level == Learned(100, 130)


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


# --- by weekday ------------------------------------------------------------------------------------------------

WORKING = [100.0, 110, 90, 100, 105, 40, 30]
"""A week as it falls; t has the weekday of the third."""


def weeks(*factors: float) -> list[float | None]:
    """Days t-30..t-3: such a week times each factor."""
    return [factor * one for factor in factors for one in WORKING]


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


@pytest.mark.parametrize("learn", [weekday, regression])
def test_gaps_are_allowed_up_to_half_and_not_on_all_days_of_the_weekday(learn: Learn) -> None:
    half: list[float | None] = [one if day >= 14 else None for day, one in enumerate(weeks(1, 1.1, 1, 1.2))]
    assert learn(half, SMALL) is not None
    assert learn([*half[:27], None], SMALL) is None
    assert learn([None if day % 7 == 2 else one for day, one in enumerate(weeks(1, 1, 1, 1))], SMALL) is None


# --- all of them -----------------------------------------------------------------------------------------------

HISTORIES = st.lists(st.integers(0, 3000).map(float) | st.just(0.0), min_size=30, max_size=30)
EVERY = pytest.mark.parametrize("method", METHODS.values(), ids=list(METHODS))


@EVERY
@given(HISTORIES)
def test_a_threshold_lies_a_floor_above_what_is_expected(method: Method, days: list[float]) -> None:
    level = method.learn(days[: len(method.back)], Tuning())
    assert level is not None
    assert 0 <= level.expected < level.threshold
    least = 1 if method.name == "c3" else 3  # what C3 has seen already counts towards its three
    assert level.threshold >= level.expected + least * max(10, level.expected / 6) * (1 - 1e-12)


@EVERY
def test_zeros_and_then_one_raise_no_alarm(method: Method) -> None:
    level = method.learn([0.0] * len(method.back), Tuning())
    assert level is not None
    assert level.threshold >= 10


@EVERY
def test_on_equal_days_every_method_expects_the_same(method: Method) -> None:
    level = method.learn([600.0] * len(method.back), Tuning())
    assert level is not None
    assert level == pytest.approx((600, 900))


@EVERY
def test_no_day_known_teaches_nothing(method: Method) -> None:
    assert method.learn([None] * len(method.back), Tuning()) is None


@EVERY
@given(HISTORIES, st.integers(1, 900))
def test_counting_in_hundreds_changes_nothing_but_the_unit(method: Method, days: list[float], scale: int) -> None:
    share_only = Tuning(3, 0, 1 / 12)
    one = method.learn(days[: len(method.back)], share_only)
    other = method.learn([scale * day for day in days[: len(method.back)]], share_only)
    assert one is not None
    assert other is not None
    assert other == pytest.approx((scale * one.expected, scale * one.threshold), rel=1e-6, abs=1e-3 * scale)


def test_the_mean_is_that_of_28_days() -> None:
    days = [float(day * 37 % 101) for day in range(28)]
    assert plain(days, Tuning(3, 0, 0)) == pytest.approx((fmean(days), fmean(days) + 3 * stdev(days)))
    assert c1(days[:7], Tuning(3, 0, 0)) == pytest.approx((fmean(days[:7]), fmean(days[:7]) + 3 * stdev(days[:7])))


def test_methods_say_from_how_far_back_they_learn() -> None:
    assert list(looks_back(["c2"])) == list(range(3, 10))
    assert list(looks_back(["weekday", "c2"])) == list(range(3, 31))
    assert list(looks_back(["c3", "weekday"])) == list(range(1, 31))
    assert list(looks_back([])) == []


# --- EWMA ------------------------------------------------------------------------------------------------------


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
