"""Why a figure is no claim."""

from __future__ import annotations

import pytest

from bordertally.streams.statements.exclusions import Reasons
from bordertally.streams.statements.records import Span, Why
from unit.streams.statements.kit import ENGLISH, read, scan


def why(sentence: str) -> Why | None:
    """The reason for the first figure of a sentence."""
    sheet = scan(sentence)
    reasons = Reasons(sheet, ENGLISH.cutter)
    segment = ENGLISH.cutter.segments(sheet, Span(0, len(sentence)))[0]
    return reasons.whole(Span(0, len(sentence)), segment.figure) or reasons.why_not(segment)


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("On Monday 1,200 people entered from Russia.", None),
        ("Did 1,200 people enter from Russia?", Why.HYPOTHETICAL),
        ("If 1,200 people enter from Russia, it is full.", Why.HYPOTHETICAL),
        ("The ministry denied that 1,200 people entered from Russia.", Why.DENIED),
        ("Some 1,200 people could enter from Russia.", Why.HYPOTHETICAL),
        ("Some 1,200 people were waiting at the border.", Why.QUEUE),
        ("Police pushed 161 people back into Russia.", Why.REFUSED),
        ("Arrivals fell, compared with 1,200 people who entered from Russia.", Why.EARLIER),
        ("On Monday 1,200 people entered, regardless of direction.", Why.BOTH),
    ],
)
def test_the_reason_of_a_figure(sentence: str, reason: Why | None) -> None:
    assert why(sentence) == reason


def test_a_queue_in_front_of_the_figure_is_not_what_it_counts() -> None:
    assert why("After hours in a queue, 1,200 people crossed into Kazakhstan.") is None


def test_a_figure_that_counts_a_thing_names_it() -> None:
    sentence = "The talks took 1,200 in fees."
    sheet = scan(sentence)
    segment = ENGLISH.cutter.segments(sheet, Span(0, len(sentence)))[0]
    assert Reasons(sheet, ENGLISH.cutter).no_crossing(segment) in (Why.NO_CROSSING, Why.THINGS)


@pytest.mark.parametrize(
    "sentence",
    [
        "За 2021 год россияне совершили 22,5 млн выездов за рубеж.",
        "За 2021 год россияне совершили 3,1 млн поездок в Турцию.",
        "В 2021 году количество выездов из Киргизии за рубеж достигло 3,3 млн.",
    ],
)
def test_trips_are_no_people(sentence: str) -> None:
    assert read(sentence, home=None).found == []
