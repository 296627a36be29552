"""Clues come to a movement."""

from __future__ import annotations

import pytest

from bordertally.streams.statements.movement.clues import Movement, MovementKind
from bordertally.streams.statements.movement.resolve import INFERRED, resolve
from bordertally.streams.statements.records import Doubt
from unit.streams.statements.movement.test_clues import clues


@pytest.mark.parametrize(
    ("sentence", "changes", "flow"),
    [
        ("people entered Poland from Ukraine", {}, "UA:PL"),
        ("people went home to Afghanistan from Iran", {}, "IR:AF"),
        ("people crossed at Verkhny Lars into Georgia", {"home": "GE"}, "RU:GE:verkhny-lars"),
        ("people crossed the border between Russia and Poland into Poland", {}, "RU:PL"),
        ("people left the country", {}, "KZ"),
    ],
)
def test_the_flow_of_a_movement(sentence: str, changes: dict[str, object], flow: str) -> None:
    assert resolve(clues(sentence, **changes)).flow == flow


def test_the_other_way_turns_the_movement_before() -> None:
    before = Movement(MovementKind.ENTRY, "RU", "KZ")
    assert resolve(clues("people went the other way", before=before)).flow == "KZ:RU"
    assert resolve(clues("people returned home", before=before)).flow == "KZ:RU"
    assert resolve(clues("people went the other way")).doubts == (Doubt.NO_DIRECTION,)


def test_both_ends_in_one_country_are_no_direction() -> None:
    movement = resolve(clues("people crossed from Poland into Poland"))
    assert movement.flow is None
    assert Doubt.NO_DIRECTION in movement.doubts


def test_what_is_inferred_weighs_less() -> None:
    assert resolve(clues("people entered Poland from Ukraine")).weight == 1
    assert resolve(clues("people entered from Russia")).weight == INFERRED


def test_crossings_that_are_counted_are_of_both_directions() -> None:
    assert Doubt.NO_DIRECTION in resolve(clues("border crossings at Storskog")).doubts
