"""Places of a text and what each is to the movement."""

from __future__ import annotations

import pytest

from bordertally.streams.statements.lexicon.places import PlaceRole
from unit.streams.statements.kit import ENGLISH, RUSSIAN, scan


def roles(sentence: str) -> list[tuple[str | None, PlaceRole]]:
    return [(mark.value.code or mark.value.slug or None, mark.value.role) for mark in scan(sentence).of("place")]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("from Russia to Poland", [("RU", PlaceRole.ORIGIN), ("PL", PlaceRole.INTO)]),
        ("Russia → Poland", [("RU", PlaceRole.ORIGIN), ("PL", PlaceRole.INTO)]),
        ("the border with Russia", [("RU", PlaceRole.BORDER)]),
        ("the border between Russia and Poland", [("RU", PlaceRole.BORDER), ("PL", PlaceRole.BORDER)]),
        ("the border of Russia with Poland", [("RU", PlaceRole.BORDER), ("PL", PlaceRole.BORDER)]),
        ("the Polish-Ukrainian border", [("PL", PlaceRole.BORDER), ("UA", PlaceRole.BORDER)]),
        ("Polish officials said", [("PL", PlaceRole.SPEAKER)]),
        ("into Rzeszów", [("PL", PlaceRole.INTO)]),
        ("into Gorlice", [(None, PlaceRole.INTO)]),
    ],
)
def test_the_role_of_a_place(sentence: str, expected: list[tuple[str | None, PlaceRole]]) -> None:
    assert roles(sentence) == expected


@pytest.mark.parametrize("words", ["с румынской стороны", "со стороны Румынии", "с румынской территории"])
def test_the_side_that_people_came_from_is_their_origin(words: str) -> None:
    (mark,) = scan(f"прибыли {words}", RUSSIAN).of("place")
    assert (mark.value.code, mark.value.role) == ("RO", PlaceRole.ORIGIN)


def test_guards_who_speak_are_a_place_and_guards_who_are_counted_are_not() -> None:
    assert roles("Polish border guards said") == [("PL", PlaceRole.SPEAKER)]
    assert roles("1,200 Polish border guards crossed") == []


def test_a_region_with_one_way_out_knows_it() -> None:
    (mark,) = scan("in North Ossetia").of("place")
    assert (mark.value.edge, mark.value.across) == ("verkhny-lars", "GE")


def test_a_goal_without_a_name() -> None:
    (mark,) = scan("into neighbouring countries").of("place")
    assert mark.value.anywhere


def test_of_two_goals_the_second_is_joined_to_the_first() -> None:
    first, second = scan("to Armenia and Turkey").of("place")
    assert (first.value.joined, second.value.joined) == (False, True)


def test_a_part_of_a_country_is_a_region() -> None:
    (mark,) = scan("to northern Poland").of("place")
    assert mark.value.region


def test_the_heading_of_a_text_is_a_checkpoint_in_capitals() -> None:
    heading = ENGLISH.scanner.places.heading("BEITBRIDGE - The border authority says")
    assert heading is not None
    assert heading.value.slug == "beitbridge"
    assert ENGLISH.scanner.places.heading("Beitbridge is busy") is None
