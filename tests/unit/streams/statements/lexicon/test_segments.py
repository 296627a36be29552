"""A sentence is cut into one part a figure."""

from __future__ import annotations

import pytest

from bordertally.streams.statements.lexicon.segments import Cutter
from bordertally.streams.statements.records import Span, Why
from unit.streams.statements.kit import ENGLISH, scan

CUTTER = Cutter(ENGLISH.language)


def parts(sentence: str) -> list[str]:
    sheet = scan(sentence)
    return [
        sentence[segment.span.start : segment.span.end].strip(" ,.")
        for segment in CUTTER.segments(sheet, Span(0, len(sentence)))
    ]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("On Monday 1,200 entered.", ["On Monday 1,200 entered"]),
        ("1,200 entered and 900 left.", ["1,200 entered", "and 900 left"]),
        ("1,200 entered; on Sunday, 900 did.", ["1,200 entered", "; on Sunday, 900 did"]),
        ("1,200 entered, while 900 left, but 40 stayed.", ["1,200 entered", "while 900 left", "but 40 stayed"]),
    ],
)
def test_where_a_sentence_is_cut(sentence: str, expected: list[str]) -> None:
    assert parts(sentence) == expected


def test_figures_of_other_things_are_no_part() -> None:
    sentence = "1,200 people entered in 263 boats."
    sheet = scan(sentence)
    assert len(CUTTER.segments(sheet, Span(0, len(sentence)))) == 1
    assert [figure.why for figure in CUTTER.idle(sheet, Span(0, len(sentence)))] == [Why.THINGS]


@pytest.mark.parametrize(
    ("sentence", "is_part"),
    [
        ("1,200 entered, including 300 minors.", True),
        ("1,200 entered, 300 of them men.", True),
        ("1,200 entered, 300 left.", False),
    ],
)
def test_a_part_of_those_before(sentence: str, is_part: bool) -> None:
    sheet = scan(sentence)
    assert CUTTER.part(sheet, CUTTER.segments(sheet, Span(0, len(sentence)))[1]) == is_part


def test_a_list() -> None:
    sentence = "9,000 Russians and 700 Belarusians entered."
    sheet = scan(sentence)
    assert CUTTER.listed(sheet, *CUTTER.segments(sheet, Span(0, len(sentence))))


def test_an_earlier_level() -> None:
    sentence = "1,200 entered, compared with 900 before."
    sheet = scan(sentence)
    first, second = CUTTER.segments(sheet, Span(0, len(sentence)))
    assert [CUTTER.earlier(sheet, figure) for figure in (first, second)] == [False, True]


def test_time_that_nothing_reads() -> None:
    assert CUTTER.untimed(scan("1,200 entered around Easter."), Span(0, 60))
    assert not CUTTER.untimed(scan("1,200 entered on Monday."), Span(0, 60))


def test_how_many_words_no_table_knows() -> None:
    sentence = "1,200 people entered gladly, the ministry said."
    sheet = scan(sentence)
    (segment,) = CUTTER.segments(sheet, Span(0, len(sentence)))
    assert CUTTER.unknown(sheet, segment) <= 1


def test_words_that_no_entry_reads_are_unexplained_unless_they_are_harmless() -> None:
    sentence = "On market days, the border guard said, some 12,000 Haitians enter Dajabón by boat; nobody counts."
    sheet = scan(sentence)
    (segment, *_) = CUTTER.segments(sheet, Span(0, len(sentence)))
    words = CUTTER.unexplained(sheet, segment, Span(0, sentence.index("Dajab")))
    assert [sentence[slice(*word)] for word in words][:1] == ["market"]
    assert "guard" not in {sentence[slice(*word)] for word in words}


@pytest.mark.parametrize(("rest", "item"), [("and 1,120 on Sunday", True), ("and 1,120 slept badly on Sunday", False)])
def test_an_item_is_a_figure_with_a_place_or_time(rest: str, item: bool) -> None:
    sentence = f"On Monday 900 entered Kenya, {rest}."
    sheet = scan(sentence)
    assert CUTTER.item(sheet, CUTTER.segments(sheet, Span(0, len(sentence)))[-1]) == item


def test_a_place_behind_words_for_a_part_belongs_to_the_part() -> None:
    sentence = "978 people returned, including from Lebanon through Masnaa - 429."
    sheet = scan(sentence)
    figure = sheet.of("number")[0]
    assert CUTTER.part_placed(sheet, figure, sentence.index(" - "))
    assert not CUTTER.part_placed(sheet, figure, sentence.index(","))


def test_words_for_a_part_directly_behind_a_figure_make_it_the_part() -> None:
    sentence = "23,000 of them crossed into Poland."
    sheet = scan(sentence)
    assert not CUTTER.part_placed(sheet, sheet.of("number")[0], len(sentence))
