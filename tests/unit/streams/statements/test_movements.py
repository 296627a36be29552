"""Which word of movement belongs to a figure, and which movement it comes to."""

from __future__ import annotations

import pytest

from bordertally.streams.statements.discourse import Thread
from bordertally.streams.statements.movement.clues import MovementKind
from bordertally.streams.statements.movements import Ways
from bordertally.streams.statements.records import Span
from unit.streams.statements.kit import ENGLISH, read, scan


def ways(sentence: str) -> Ways:
    return Ways(scan(sentence), ENGLISH, Thread(ENGLISH.cutter), "KZ", None)


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("On Monday 1,200 people entered.", MovementKind.ENTRY),
        ("On Monday 1,200 people left.", MovementKind.EXIT),
        ("On Monday 1,200 people crossed the border.", MovementKind.CROSS),
        ("Entered on Monday: 1,200 people.", MovementKind.ENTRY),
        ("On Monday 1,200 people went the other way.", MovementKind.OTHER_WAY),
    ],
)
def test_the_word_of_movement(sentence: str, kind: MovementKind) -> None:
    (segment,) = ENGLISH.cutter.segments(scan(sentence), Span(0, len(sentence)))
    event = ways(sentence).event(segment)
    assert event is not None
    assert event.value == kind


def test_places_alone_say_that_people_moved() -> None:
    sentence = "Storskog: 5,140 from Russia to Norway."
    (segment,) = ENGLISH.cutter.segments(scan(sentence), Span(0, len(sentence)))
    assert ways(sentence).event(segment) is None
    assert ways(sentence).from_to(segment)


def test_a_list_by_checkpoint() -> None:
    statement = read("On Monday people entered from Ukraine: Siret 1,020, Sighet 487.", home="RO")
    assert [str(claim.claim.flow).split(":")[:2] for claim in statement.found] == [["UA", "RO"], ["UA", "RO"]]
    assert [claim.claim.people for claim in statement.found] == [1020, 487]
