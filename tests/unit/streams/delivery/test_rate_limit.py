"""Rate limits, on a clock of the test's own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.delivery.rate_limit import RateLimit

gaps = st.lists(st.floats(0, 2, allow_nan=False), max_size=60)


def test_a_burst_then_one_at_a_time() -> None:
    rate = RateLimit(2, 3)
    assert [rate.acquire("a", 10.0) for _ in range(3)] == [0, 0, 0]
    assert rate.acquire("a", 10.0) == 0.5
    assert rate.acquire("b", 10.0) == 0  # others are not held up
    assert rate.acquire("a", 10.5) == 0
    assert rate.acquire("a", 10.5) == 0.5


def test_several_are_admitted_together_and_those_that_follow_wait_for_them() -> None:
    rate = RateLimit(2, 3)
    assert rate.acquire("a", 10.0, 11) == 0
    assert rate.acquire("a", 10.0) == 4.5  # of 12 tokens 3 were there: 9 more at 2 a second
    assert rate.acquire("a", 14.5) == 0


@given(gaps, st.floats(0.1, 50), st.integers(1, 20))
def test_never_more_than_burst_and_rate_allow(waits: list[float], per_s: float, burst: int) -> None:
    rate, now, taken = RateLimit(per_s, burst), 100.0, []
    for wait in waits:
        now += wait
        needed = rate.acquire("a", now)
        if needed:
            assert rate.acquire("a", now + needed * 0.5) > 0
        else:
            taken.append(now)
    for index, begin in enumerate(taken):
        for count, end in enumerate(taken[index:], 1):
            assert count <= burst + (end - begin) * per_s + 1e-6


@given(gaps, st.floats(0.1, 50), st.integers(1, 20))
def test_who_waits_as_told_goes_on(waits: list[float], per_s: float, burst: int) -> None:
    rate, now = RateLimit(per_s, burst), 100.0
    for wait in waits:
        now += wait
        needed = rate.acquire("a", now)
        if needed:
            now += needed
            assert rate.acquire("a", now) == 0
