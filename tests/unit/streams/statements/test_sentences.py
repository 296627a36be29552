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
