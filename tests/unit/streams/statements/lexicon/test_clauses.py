"""Clauses that a figure is not told in."""

from __future__ import annotations

import pytest

from bordertally.streams.statements.lexicon.clauses import Clauses
from bordertally.streams.statements.records import Span
from unit.streams.statements.kit import ENGLISH, scan

CLAUSES = Clauses(ENGLISH.language)


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("Hours before the fence at Roszke was closed, 9,380 people crossed.", "scene"),
        ("The mayor of Narva said 1,200 people crossed.", "seat"),
        ("1,200 people crossed at Narva.", "place"),
    ],
)
def test_a_place_that_only_sets_the_scene(sentence: str, kind: str) -> None:
    assert next(mark.kind for mark in scan(sentence).marks if mark.kind in ("scene", "seat", "place")) == kind


def test_a_time_of_a_thing_dates_no_figure() -> None:
    sheet = scan("1,200 people crossed the bridge, which replaced the ferry on 5 May, into Poland.")
    assert sheet.of("scene_time")


def test_what_a_speaker_says_besides_begins_behind_the_figure() -> None:
    sentence = "1,200 people crossed, adding that an office would open."
    sheet = scan(sentence)
    assert sentence[CLAUSES.added(sheet, sheet.of("number")[0]) :].startswith(", adding")
    plain = scan("1,200 people crossed.")
    assert CLAUSES.added(plain, plain.of("number")[0]) == len(plain.text)


def test_people_who_are_given_over() -> None:
    sentence = "Guards pushed 161 people back into Myanmar."
    sheet = scan(sentence)
    assert CLAUSES.handed(sheet, Span(0, len(sentence)), sheet.of("number")[0])
    sentence = "161 people went back to Myanmar."
    sheet = scan(sentence)
    assert not CLAUSES.handed(sheet, Span(0, len(sentence)), sheet.of("number")[0])


def test_what_people_came_for() -> None:
    sentence = "1,200 people crossed in search of rice."
    assert sentence[CLAUSES.purpose(scan(sentence), Span(0, len(sentence))) :] == "in search of rice."
