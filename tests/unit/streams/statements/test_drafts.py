"""A claim in the making, and what a change in per cent may be compared with."""

from __future__ import annotations

from datetime import date

import pytest

from bordertally.streams.qualifiers import Qualifier
from bordertally.streams.statements.drafts import just_before
from bordertally.streams.statements.lexicon.scanner import Change
from bordertally.streams.statements.lexicon.time_phrases import StatedPeriod
from unit.streams.statements.kit import only, read

WEEK = StatedPeriod(date(2022, 9, 19), date(2022, 9, 26))
DAY = StatedPeriod(date(2022, 9, 26), date(2022, 9, 27))
MONTH = StatedPeriod(date(2022, 9, 1), date(2022, 10, 1))
HOURS = StatedPeriod(date(2022, 9, 26), date(2022, 9, 28), exact="2022-09-26T09:00/2022-09-27T09:00")


@pytest.mark.parametrize(
    ("change", "period", "fits"),
    [
        (Change(30, "week"), WEEK, True),
        (Change(30, "week"), DAY, False),
        (Change(30, "day"), DAY, True),
        (Change(30, "month"), MONTH, True),
        (Change(30, "month"), WEEK, False),
        (Change(30, "named", 8), MONTH, True),
        (Change(30, "named", 7), MONTH, False),
        (Change(30, "numbered", 37), WEEK, True),
        (Change(30, "numbered", 36), WEEK, False),
        (Change(30, "weekday", 6), DAY, True),
        (Change(30, "weekday", 0), DAY, False),
        (Change(30, "hours", 24), HOURS, True),
        (Change(30, "hours", 12), HOURS, False),
        (Change(30, "year"), WEEK, False),
        (Change(30, None), WEEK, False),
    ],
)
def test_a_change_is_against_the_equally_long_period_just_before(
    change: Change, period: StatedPeriod, fits: bool
) -> None:
    assert just_before(change, period) == fits


def test_a_day_that_is_not_over_makes_a_figure_the_least_and_leaves_the_most() -> None:
    assert only("So far today 1,200 people have entered from Russia.").claim.qualifier == Qualifier.AT_LEAST
    assert only("So far today at most 1,200 people have entered from Russia.").claim.qualifier == Qualifier.AT_MOST


def test_the_quote_holds_all_that_was_read() -> None:
    claim = only("As he said, on Monday 1,200 people entered from Russia, he thought.")
    assert claim.claim.text == "on Monday 1,200 people entered from Russia"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("On Monday 1,200 people entered from Russia, and 40 were turned back.", True),
        ("On Monday 1,200 people moved about the steppe, and 40 were turned back.", False),
    ],
)
def test_a_figure_without_a_flow_and_with_another_doubt_is_left_out(text: str, kept: bool) -> None:
    assert bool(read(text, home="KZ" if kept else None).found) == kept
