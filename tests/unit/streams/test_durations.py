from __future__ import annotations

import pytest

from bordertally.streams.durations import days_in, seconds_in


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("250ms", 0.25), ("0s", 0.0), ("5s", 5.0), ("1.5m", 90.0), ("2h", 7_200.0), ("1d", 86_400.0), ("2w", 1_209_600.0)],
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert seconds_in(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "s", "-1s", "1h30m", "1 h", "1y", "1234567s", "1.2345s", "٣s"])
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no duration such as 5s, 2m, 3h or 1d"):
        seconds_in(text)


@pytest.mark.parametrize(("text", "days"), [("0d", 0), ("3d", 3), ("2w", 14), ("9999d", 9_999)])
def test_days_are_whole_days_or_weeks(text: str, days: int) -> None:
    assert days_in(text) == days


@pytest.mark.parametrize("text", ["", "3", "d", "1h", "-1d", "1.5d", "1d12h", "99999d", "٣d"])
def test_other_numbers_of_days_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no number of days or weeks such as 3d or 2w"):
        days_in(text)
