"""All marks of a sentence, each stretch taken once."""

from __future__ import annotations

import pytest

from bordertally.streams.statements.lexicon.scanner import Change
from unit.streams.statements.kit import RUSSIAN, scan


def test_no_two_marks_share_a_character() -> None:
    sheet = scan("On Monday more than 1,200 Russian citizens, up 30 per cent on the week before, entered Poland.")
    assert all(mark.end <= other.start for mark, other in zip(sheet.marks, sheet.marks[1:], strict=False))
    assert {"period", "number", "citizens", "change", "event", "place"} <= {mark.kind for mark in sheet.marks}


@pytest.mark.parametrize(
    ("words", "change"),
    [
        ("up 30 per cent on the week before", Change(30, "week")),
        ("12% fewer than the day before", Change(-12, "day")),
        ("48 per cent more than in July", Change(48, "named", 7)),
        ("twice as many as a week ago", Change(100, "week")),
    ],
)
def test_a_change_and_what_it_is_against(words: str, change: Change) -> None:
    (mark,) = scan(f"1,200 people entered, {words}.").of("change")
    assert mark.value == change


def test_citizens_of_two_countries() -> None:
    codes = [mark.value for mark in scan("1,200 citizens of Lithuania and Latvia entered.").of("citizens")]
    assert codes == ["LT", "LV"]


def test_russian() -> None:
    kinds = {mark.kind for mark in scan("В понедельник в Польшу въехали 1200 украинцев.", RUSSIAN).marks}
    assert {"period", "place", "event", "number", "citizens"} <= kinds


@pytest.mark.parametrize(
    "text",
    [
        "74,118 citizens of Russia entered, 72,904 of Turkey.",
        "People from the following countries entered: Russia: 74,118, Turkey: 72,904.",
    ],
)
def test_the_countries_of_a_list_of_citizens_are_no_destinations(text: str) -> None:
    sheet = scan(text)
    assert [mark.value for mark in sheet.of("citizens") if mark.value in ("RU", "TR")] == ["RU", "TR"]
    assert sheet.of("place") == []
