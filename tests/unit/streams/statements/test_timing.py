"""When: the period of a claim, its own or that of its sentence, and its rate."""

from __future__ import annotations

import pytest

from bordertally.streams.statements.discourse import Thread
from bordertally.streams.statements.lexicon.time_phrases import Times
from bordertally.streams.statements.records import Doubt
from bordertally.streams.statements.timing import Timing
from unit.streams.statements.kit import ENGLISH, TUESDAY, only, read, rows_of, scan


def test_nothing_is_shared_among_no_claims() -> None:
    sheet = scan("On Monday it rained.")
    drafts: list[object] = []
    Timing(sheet, ENGLISH, Times(ENGLISH.language, TUESDAY), Thread(ENGLISH.cutter)).share(sheet.marks[0].span, [], [])
    assert drafts == []


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("On Monday 1,200 people entered from Russia.", "2022-09-26"),
        ("By Sunday, 1,200 people had entered from Russia since 21 September.", "2022-09-21/2022-09-26"),
        ("Slovakia, Tuesday: on Monday 1,200 people entered from Ukraine.", "2022-09-26"),
    ],
)
def test_the_period_said_beside_a_figure(text: str, period: str) -> None:
    assert only(text).claim.period == period


def test_a_period_of_one_figure_holds_for_another_of_the_sentence() -> None:
    rows = rows_of(read("On Monday 1,200 people entered from Russia and 900 left for Russia."))
    assert [row[1] for row in rows] == ["2022-09-26", "2022-09-26"]


def test_two_periods_are_a_doubt() -> None:
    assert Doubt.SEVERAL_PERIODS in only("1,200 people entered from Russia on Monday and on Sunday.").doubts


def test_without_a_period_it_is_a_doubt() -> None:
    assert Doubt.NO_PERIOD in only("1,200 people entered from Russia.").doubts


def test_a_rate_now_is_of_the_day_of_publication() -> None:
    claim = only("Some 1,200 people a day are now entering from Russia.")
    assert (claim.claim.period, claim.claim.per) == ("2022-09-27", "day")


def test_a_rate_of_another_length_is_a_doubt() -> None:
    assert Doubt.OTHER_RATE in only("Since 1 September 1,200 people an hour have entered from Russia.").doubts


@pytest.mark.parametrize(
    "text",
    [
        "On 20 September, a week before the closure, the minister said that 1,200 people had entered from Russia.",
        "The 1,200 people who recently entered from Russia met the minister on Monday.",
        "On 20 September for three days 1,200 people entered from Russia.",
    ],
)
def test_a_time_of_something_else_is_a_doubt(text: str) -> None:
    assert all(Doubt.VAGUE_PERIOD in claim.doubts for claim in read(text).found)
    assert not read(text).certain


def test_a_date_of_last_year_is_of_last_year() -> None:
    assert only("Since 24 February last year 1,200 people have entered from Russia.").claim.period == (
        "2021-02-24/2022-09-28"
    )


def test_a_range_behind_a_word_of_comparison_is_an_earlier_level() -> None:
    statement = read("On Monday 1,200 people entered from Russia, up from 800 to 900 on Sunday.")
    assert [claim.claim.people for claim in statement.found] == [1_200]
