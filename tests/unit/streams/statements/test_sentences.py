"""One text, sentence by sentence."""

from __future__ import annotations

import pytest

from bordertally.streams.statements.lexicon.time_phrases import Times
from bordertally.streams.statements.records import Doubt, Voice, Why
from bordertally.streams.statements.sentences import TextReading
from unit.streams.statements.kit import ENGLISH, TUESDAY, only, read, rows_of


def test_spans_stand_in_the_text_and_not_in_their_sentence() -> None:
    text = "It rained. On Monday 1,200 people entered Kazakhstan from Russia."
    reading = TextReading(ENGLISH, text, Times(ENGLISH.language, TUESDAY), "KZ")
    (claim,) = reading.statement().found
    span = claim.spans["people"]
    assert text[span.start : span.end] == "1,200"


def test_what_was_left_out_is_in_the_order_of_the_text() -> None:
    left = read("Some 300 cars were queuing. If 1,200 came, 40 beds were free.").left_out
    assert [figure.span.start for figure in left] == sorted(figure.span.start for figure in left)
    assert left


def test_another_version_of_a_figure_makes_both_uncertain() -> None:
    claim = only("Guards counted 1,200 who entered from Russia on Monday, while the police spoke of 1,900.")
    assert claim.claim.people == 1200
    assert Doubt.CONTRADICTION in claim.doubts


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        ("On 31 April 1,200 people entered Kazakhstan from Russia.", Doubt.IMPOSSIBLE_DATE),
        ("On Monday 45 million people entered Kazakhstan from Russia.", Doubt.IMPLAUSIBLE),
        ("On Monday 1,025 people entered Kazakhstan from Russia, 880 men among them.", Doubt.INFERRED),
    ],
)
def test_what_cannot_be_or_is_taken_from_elsewhere_waits(text: str, doubt: Doubt) -> None:
    assert doubt in {doubt for claim in read(text).found for doubt in claim.doubts}


def test_each_government_speaks_of_itself() -> None:
    text = "Kazakhstan said on Tuesday that 98,000 Russians had entered the country since 21 September, and Georgia’s "
    rows = rows_of(read(f"{text}interior ministry counted more than 53,000.", home=None))
    assert [(row[0], row[2]) for row in rows] == [("RU:KZ", 98_000), ("RU:GE", 53_000)]


def test_the_voice_is_that_of_the_sentence() -> None:
    text = "On Monday 1,200 people entered from Russia, a source close to the guards said. On Sunday 900 entered."
    assert [claim.voice for claim in read(text).found] == [Voice.UNNAMED, Voice.OWN]


def test_a_whole_that_is_taken_up_again_counts_once() -> None:
    text = "On Monday 1,200 people entered from Russia. Of these 1,200 people, 300 women came by train."
    assert [row[2] for row in rows_of(read(text))][:1] == [1200]
    assert Why.EARLIER in {left.why for left in read(text).left_out}


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (  # a part that goes on left the country that all of them came to
            "Slovenia said 8,114 people entered from Croatia on Sunday, of whom 5,200 have crossed into Austria.",
            [("HR:SI", 8114), ("SI:AT", 5200)],
        ),
        (  # the next sentence tells of the same nation, and names no place
            "On Sunday 2,900 Russians entered Latvia and 1,700 went back. On Monday 2,600 Russians arrived.",
            [("RU:LV", 2900), ("LV:RU", 1700), ("RU:LV", 2600)],
        ),
        (  # rows of a table say nothing by themselves
            "On Sunday 1,200 people entered Kazakhstan from Russia.\nSunday | 179 | 214 |\nMonday | 190 | 205 |",
            [("RU:KZ", 1200)],
        ),
        (  # back over the border of the sentence before
            "On Sunday 1,200 Russians entered Finland from Russia. On Monday 900 people left for Russia.",
            [("RU:FI", 1200), ("FI:RU", 900)],
        ),
    ],
)
def test_figures_that_go_on_from_others(text: str, rows: list[tuple[str, int]]) -> None:
    assert [(row[0], row[2]) for row in rows_of(read(text, home=None))] == rows


def test_a_whole_whose_parts_went_both_ways_has_no_direction() -> None:
    text = "On Sunday 16,208 Ukrainians crossed the Moldovan border. Of them 10,317 entered Moldova and 5,891 left."
    statement = read(text, home=None)
    assert 16_208 not in {claim.claim.people for claim in statement.found}
    assert [left.why for left in statement.left_out] == [Why.UNCLEAR]


def test_people_who_returned_to_nowhere_wait() -> None:
    assert not read("Since 1 September 4,980 people have returned from Iran.", home=None).certain
