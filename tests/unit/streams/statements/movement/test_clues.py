"""Clues to a movement: which place stands for what."""

from __future__ import annotations

from typing import Any

from bordertally.streams.statements.lexicon.marks import TextMark
from bordertally.streams.statements.lexicon.places import NamedPlace, PlaceRole
from bordertally.streams.statements.movement.clues import (
    Clues,
    Movement,
    MovementKind,
    beyond,
    borders,
    checkpoint,
    code_of,
    first,
    object_of,
    towns,
)
from unit.streams.statements.kit import scan


def clues(sentence: str, **changes: Any) -> Clues:
    """The clues of a sentence with one word of movement at most."""
    sheet = scan(sentence)
    at = next(iter(sheet.of("event")), None)
    kind = MovementKind(at.value) if at is not None else MovementKind.CROSS
    return Clues(kind, at, sheet.of("place"), None, "KZ", None)._replace(**changes)


def test_the_nearest_place_of_a_role() -> None:
    read = clues("people entered from Russia")
    assert first(read, PlaceRole.ORIGIN) == "RU"
    assert first(read, PlaceRole.INTO) is None


def test_the_place_behind_the_word_of_movement_is_its_object() -> None:
    assert object_of(clues("people crossed Latvia")) == "LV"
    assert object_of(clues("Latvia saw people cross")) == "LV"


def test_a_place_that_points_back() -> None:
    before = Movement(MovementKind.ENTRY, "RU", "KZ")
    assert code_of(NamedPlace(PlaceRole.BARE, thither=True), clues("x", before=before)) == "RU"
    assert code_of(NamedPlace(PlaceRole.BARE, home=True), clues("x")) == "KZ"
    assert code_of(NamedPlace(PlaceRole.BARE, homeward=True), clues("x", citizens="AF")) == "AF"


def test_a_checkpoint_and_its_other_side() -> None:
    read = clues("people crossed at Verkhny Lars")
    point = checkpoint(read)
    assert point is not None
    assert beyond(point, "RU") == "GE"
    assert beyond(None, "RU") is None
    assert checkpoint(clues("people crossed")) is None


def test_the_borders_that_are_named() -> None:
    assert borders(clues("people crossed the border between Russia and Poland")) == ["RU", "PL"]


def test_two_towns_of_one_checkpoint() -> None:
    assert towns(clues("people went from Narva to Ivangorod")) == ("EE", "RU")


def test_the_path_of_a_movement() -> None:
    assert Movement(MovementKind.CROSS, "RU", "GE", "verkhny-lars").flow == "RU:GE:verkhny-lars"
    assert Movement(MovementKind.EXIT, "RU", None, "verkhny-lars").flow == "RU"
    assert Movement(MovementKind.ENTRY, None, "GE").flow is None


def test_a_mark_keeps_its_span() -> None:
    assert TextMark(1, 3, "place", None).span == (1, 3)
