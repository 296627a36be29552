"""Bounds in words."""

from __future__ import annotations

import pytest

from bordertally.streams.totals.records import DayFigure
from bordertally.streams.totals.wording import interval


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (1_000, 1_000, ""),
        (900, 1_000, "900 to 1,000"),
        (1_000, 1_200, "1,000 to 1,200"),
        (1_000, None, "at least 1,000"),
    ],
)
def test_bounds_are_said_unless_the_figure_is_exact(low: int, high: int | None, words: str) -> None:
    assert interval(DayFigure("RU:KZ", "2022-09-21", low, 1_000, high)) == words
