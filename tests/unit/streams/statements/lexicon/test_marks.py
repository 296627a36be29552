"""Marks on a text, and where its sentences end."""

from __future__ import annotations

import re

import pytest

from bordertally.streams.statements.lexicon.language import Pattern
from bordertally.streams.statements.lexicon.marks import LONGEST, Patterns, Sheet, TextMark, sentences
from bordertally.streams.statements.records import Span
from unit.streams.statements.kit import ENGLISH, RUSSIAN

NEVER = re.compile(r"(?!x)x")


def test_of_two_marks_that_meet_the_earlier_and_the_longer_stands() -> None:
    sheet = Sheet("one two three")
    sheet.put([TextMark(4, 13, "b", 2), TextMark(0, 3, "a", 0), TextMark(0, 7, "a", 1)])
    assert sheet.marks == [TextMark(0, 7, "a", 1)]
    assert sheet.free(7, 13)
    assert not sheet.free(6, 8)


def test_marks_are_asked_for_by_kind_and_span() -> None:
    sheet = Sheet("one two three")
    sheet.add(TextMark(8, 13, "a", 3))
    sheet.add(TextMark(0, 3, "a", 1))
    assert [mark.value for mark in sheet.of("a")] == [1, 3]
    assert [mark.value for mark in sheet.of("a", Span(0, 8))] == [1]
    assert sheet.of("b") == []
    sheet.replace(sheet.of("a")[0], 9)
    assert sheet.of("a")[0].value == 9


def test_patterns_match_in_their_order() -> None:
    patterns = Patterns([Pattern.of("x", "second", re.compile("two")), Pattern.of("x", "first", re.compile("one"))])
    assert [(pattern.value, match[0]) for pattern, match in patterns.scan("one two")] == [
        ("second", "two"),
        ("first", "one"),
    ]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One came. Two left.", ["One came.", "Two left."]),
        ("On Sept. 21 one came.", ["On Sept. 21 one came."]),
        ("He said “one came.” Two left.", ["He said “one came.”", "Two left."]),
        ("One came\n\nTwo left", ["One came", "Two left"]),
        ("One came at 1.30 p.m. on Monday.", ["One came at 1.30 p.m. on Monday."]),
        ("One came\n📌 Two left", ["One came", "📌 Two left"]),
        ("", []),
    ],
)
def test_where_sentences_end(text: str, parts: list[str]) -> None:
    assert [text[sentence.start : sentence.end] for sentence in sentences(text, ENGLISH.abbreviations)] == parts


def test_an_abbreviation_ends_a_sentence_before_a_capital_letter_where_the_table_says_so() -> None:
    text = "Въехали 11 тыс. К понедельнику стало тихо."
    assert len(sentences(text, RUSSIAN.abbreviations, RUSSIAN.closing)) == 2
    assert len(sentences(text, RUSSIAN.abbreviations)) == 1


def test_what_has_no_full_stop_is_cut() -> None:
    spans = sentences("a" * (2 * LONGEST + 1), NEVER)
    assert [span.end - span.start for span in spans] == [LONGEST, LONGEST, 1]
