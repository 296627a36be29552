from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.learning.levels import Tuning
from bordertally.streams.learning.methods import METHODS, Method, looks_back

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


def test_methods_say_from_how_far_back_they_learn() -> None:
    assert list(looks_back(["c2"])) == list(range(3, 10))
    assert list(looks_back(["weekday", "c2"])) == list(range(3, 31))
    assert list(looks_back(["c3", "weekday"])) == list(range(1, 31))
    assert list(looks_back([])) == []
