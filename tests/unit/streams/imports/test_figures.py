from __future__ import annotations

from datetime import date

import pytest

from bordertally.streams.errors import ConfigError
from bordertally.streams.imports.figures import BadCellError, Cell, FigureReader
from unit.streams.imports.kit import plain


def reader(top: str = "", claims: str = "") -> FigureReader:
    mapping = plain(top, claims)
    return FigureReader(mapping, mapping.claims["entries"])


@pytest.mark.parametrize(
    ("top", "cell", "people"),
    [
        ("", "1234", 1234),
        ("", " 1234 ", 1234),
        ("", "1234.0", 1234),
        ("", "12.50", None),
        ("", 1234.0, 1234),
        ("", 1234, 1234),
        ("", "٣٤", 34),
        ("group = ','", "1,234,567", 1_234_567),
        ("group = ','", "1,234.0", 1234),
        ("group = ' '", "1\u00a0234", 1234),
        ("group = ' '", "1\u202f234", 1234),
        ('group = "\'"', "1\u2019234", 1234),
        ("group = '.'\ndecimal = ','", "1.234", 1234),
        ("group = '.'\ndecimal = ','", "1.234,0", 1234),
    ],
)
def test_a_cell_is_read_as_the_mapping_says(top: str, cell: Cell, people: int | None) -> None:
    if people is None:
        with pytest.raises(BadCellError):
            reader(top).read(cell)
    else:
        assert reader(top).read(cell) == people


@pytest.mark.parametrize(
    ("top", "cell", "says"),
    [
        ("", "1,234", "',' stands between thousands; set group = ',' \\(none now\\)"),
        ("", "1.234", "the '.' may stand between thousands or before decimals; set group = '.'"),
        ("", "12.000", "the '.' may stand between thousands or before decimals"),
        ("group = ','", "1.234", "may stand between thousands or before decimals"),
        ("decimal = ','", "1,234", "the ',' may stand between thousands or before decimals"),
        ("group = ','", "1.234.567", "'.' stands between thousands; set group = '.' \\(not ','\\)"),
        ("group = ','", "12,34", "this is no number"),
        ("", 1.234, "1.234 is not a whole number of people"),
        ("", "-5", "not negative"),
        ("", -5.0, "from 0 to"),
        ("", "(1,200)", "not negative"),
        ("", "1234*", r"set flags = '\*'"),
        ("", "<5", r"set suppressed = \{ '<5' = \[low, high\] \}"),
        ("", "n. d.", "add it to missing"),
        ("", "1e5", "this is no number"),
        ("", "9999999999", "from 0 to 1,000,000,000"),
        ("", date(2023, 1, 2), "this is no number of people"),
        ("", True, "this is no number of people"),
    ],
)
def test_a_cell_that_contradicts_the_mapping_says_what_to_do(top: str, cell: Cell, says: str) -> None:
    with pytest.raises(BadCellError, match=says):
        reader(top).read(cell)


@pytest.mark.parametrize("cell", ["", " ", "NA", ":", "-", "\u2013", None])
def test_a_cell_without_a_figure(cell: Cell) -> None:
    assert reader().read(cell) is None


def test_flags_are_counted_and_hide_neither_figures_nor_gaps() -> None:
    figures = reader("flags = '*p'")
    assert [figures.read(cell) for cell in ("12*", "13 p", "14p*", ": p", "15")] == [12, 13, 14, None, 15]
    assert figures.flags == {"*": 2, "p": 3}


def test_marks_before_figures_and_footnotes_in_brackets() -> None:
    figures = reader("flags = 'r()'\ngroup = ' '")
    assert [figures.read(cell) for cell in ("r 2 001", "1 300 (1)", "12 [a]", "r5 (2)", "7")] == [2001, 1300, 12, 5, 7]
    assert figures.flags == {"r": 2, "()": 3}


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("r 12", "letters stand before the figure; set flags = 'r'"),
        ("12 (1)", r'a footnote stands behind the figure; set flags = "\(\)"'),
        ("12-", "a number of people is not negative; is this column a net flow"),
        ("<5", r"a range or a bound; set suppressed = \{ '<5' = \[low, high\] \}"),
    ],
)
def test_a_mark_at_a_figure_says_what_to_set(cell: str, says: str) -> None:
    with pytest.raises(BadCellError, match=says):
        reader().read(cell)


@pytest.mark.parametrize("flags", ["p1", "p.", "p,", "-"])
def test_a_flag_is_no_part_of_a_figure(flags: str) -> None:
    with pytest.raises(ConfigError, match=r"flags: .* may be a part of a figure; name letters only"):
        reader(f"flags = '{flags}'")


def test_a_suppressed_figure_is_a_range() -> None:
    figures = reader("suppressed = {'<5' = [0, 4]}")
    assert figures.read("<5") == (0, 4)
    assert figures.flags == {"<5": 1}


def test_figures_in_thousands_and_rates() -> None:
    assert reader(claims="times = 1000").read("12.5") == 12_500
    assert reader(claims="times = 1000").read(0.3) == 300
    assert reader(claims="per = 'day'").read("12.5") == 12.5
    with pytest.raises(BadCellError, match="not a whole number"):
        reader(claims="times = 1000").read("0.1234567")
