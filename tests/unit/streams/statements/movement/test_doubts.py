"""What speaks against one flow, and what a movement leaves open."""

from __future__ import annotations

import pytest

from bordertally.streams.statements.movement.doubts import left_open, several
from bordertally.streams.statements.records import Doubt
from unit.streams.statements.movement.test_clues import clues


@pytest.mark.parametrize(
    ("sentence", "doubts"),
    [
        ("people entered Poland from Ukraine", set()),
        ("people left for Armenia and Turkey", {Doubt.SEVERAL_PLACES}),
        ("people entered northern Poland from Ukraine", {Doubt.PART_OF_COUNTRY}),
        ("people went to Rzeszów", {Doubt.PART_OF_COUNTRY}),
    ],
)
def test_several_places_or_a_part_of_one(sentence: str, doubts: set[Doubt]) -> None:
    assert doubts <= set(several(clues(sentence)))
    assert bool(doubts) == bool(set(several(clues(sentence))))


@pytest.mark.parametrize(
    ("sentence", "ends", "doubt"),
    [
        ("people entered", (None, "KZ"), Doubt.NO_ORIGIN),
        ("people entered", ("RU", None), Doubt.NO_DESTINATION),
        ("people crossed", (None, None), Doubt.NO_DIRECTION),
        ("people entered via Romania", ("UA", "PL"), Doubt.SEVERAL_PLACES),
    ],
)
def test_what_is_open(sentence: str, ends: tuple[str | None, str | None], doubt: Doubt) -> None:
    assert doubt in set(left_open(clues(sentence), *ends, 0))


def test_a_movement_with_both_ends_leaves_nothing_open() -> None:
    assert list(left_open(clues("people entered Poland from Ukraine"), "UA", "PL", 0)) == []
