"""What a figure counts."""

from __future__ import annotations

import pytest

from bordertally.streams.statements.lexicon.nouns import Noun, Nouns
from bordertally.streams.statements.records import Span, Why
from unit.streams.statements.kit import ENGLISH, scan


def noun(sentence: str) -> Noun:
    sheet = scan(sentence)
    return Nouns(ENGLISH.language).of(sheet, sheet.of("number")[0], Span(0, len(sentence)))


@pytest.mark.parametrize(
    ("sentence", "population", "citizens"),
    [
        ("1,200 people entered.", "people", None),
        ("1,200 Russians entered.", "citizens:RU", "RU"),
        ("1,200 Syrian refugees entered.", "refugees", "SY"),
        ("1,200 passport holders entered.", "people", None),
        ("1,200 men entered.", "men", None),
    ],
)
def test_people(sentence: str, population: str, citizens: str | None) -> None:
    read = noun(sentence)
    assert (read.population, read.citizens, read.why) == (population, citizens, None)


def test_vehicles_and_things() -> None:
    assert noun("1,200 cars entered.").unit == "vehicles"
    assert noun("1,200 lorries and 40 flights.").unit == "vehicles"
    assert noun("1,200 gadgets entered.").unknown


def test_two_populations_together_are_neither() -> None:
    assert noun("1,200 women and men entered.").joined
    assert not noun("1,200 women entered.").joined


def test_of_a_coordination_the_nation_governs_both_halves() -> None:
    assert noun("41,318 entered and 38,907 Uzbeks left.").citizens == "UZ"
    assert noun("41,318 entered, 38,907 Uzbeks left.").citizens is None


def test_soldiers_and_trips_are_no_people_who_crossed() -> None:
    assert noun("1,200 soldiers crossed into Poland.").why is Why.STAFF
    assert noun("1,200 trips to Poland were made.").why is Why.THINGS
    assert noun("1,200 soldiers guard the border.").why is Why.STAFF


def test_a_noun_of_movement_counts_people() -> None:
    for sentence, ended, counts in (
        ("27,250 arrivals from Sudan", False, True),
        ("27,250 arrived from Sudan", False, False),
        ("27,250 had arrived from Sudan", True, True),
        ("27,250 in boats arrived from Sudan", True, False),
        ("Kenya admitted 27,250 from Sudan", True, True),
    ):
        sheet = scan(sentence)
        figure, event = sheet.of("number")[0], sheet.of("event")[0]
        assert ENGLISH.cutter.nouns.of_movement(sheet, figure, event, ended) == counts, sentence
