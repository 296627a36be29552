"""The two ends of a movement."""

from __future__ import annotations

import pytest

from bordertally.streams.statements.movement.clues import Movement, MovementKind, checkpoint
from bordertally.streams.statements.movement.ends import ends_of
from unit.streams.statements.movement.test_clues import clues


@pytest.mark.parametrize(
    ("sentence", "changes", "ends"),
    [
        ("people entered Poland from Ukraine", {}, ("UA", "PL", 0)),
        ("people entered from Russia", {}, ("RU", "KZ", 1)),
        ("people entered Poland", {"citizens": "UA"}, ("UA", "PL", 1)),
        ("people left Ukraine", {}, ("UA", None, 0)),
        ("people left for Russia", {}, ("KZ", "RU", 1)),
        ("people crossed from Ukraine into Poland", {}, ("UA", "PL", 0)),
        ("people crossed the border", {}, (None, None, 2)),
        ("people entered", {"citizens": "KZ", "home": "KZ"}, (None, "KZ", 2)),
    ],
)
def test_said_and_inferred(sentence: str, changes: dict[str, object], ends: tuple[str | None, str | None, int]) -> None:
    read = clues(sentence, **changes)
    assert ends_of(read, checkpoint(read)) == ends


def test_nothing_but_a_figure_is_as_the_claim_before_it() -> None:
    before = Movement(MovementKind.ENTRY, "RU", "KZ")
    assert ends_of(clues("900", before=before), None)[:2] == ("RU", "KZ")
