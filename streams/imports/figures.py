"""Figures: what a cell says of a number of people, or why it cannot be read."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date

from bordertally.streams.imports.mapping import FigureColumn, ImportMap
from bordertally.streams.reports.records import MOST_PEOPLE

Cell = str | float | date | None
"""A cell as its file has it: text, a number of a spreadsheet, a date, or nothing. Whole numbers may be int."""

People = int | float | tuple[float, float]
"""A number of people, or a range."""

_ALIKE = str.maketrans(dict.fromkeys("\u00a0\u202f\u2009", " ") | {"\u2019": "'"})
"""Narrow and fixed spaces are spaces, a typographic apostrophe is an apostrophe."""

_FOOTNOTE = re.compile(r"\s*(?:\(\w{1,2}\)|\[\w{1,2}\])$")

_THREE_DECIMALS = re.compile(r"\d{1,3}[.,]\d{3}")


class BadCellError(Exception):
    """A cell that contradicts the mapping: its text is a sentence that says what is wrong and what to do."""


class FigureReader:
    """Reads the cells of one figure of a mapping, and counts flags and suppressed figures in `flags`."""

    def __init__(self, mapping: ImportMap, figure: FigureColumn) -> None:
        self.flags: Counter[str] = Counter()
        self._group, self._decimal = mapping.thousands, mapping.decimal
        self._letters = mapping.flags.replace("(", "").replace(")", "")
        self._brackets = "(" in mapping.flags
        self._absent, self._suppressed = frozenset(mapping.missing), mapping.suppressed
        self._times, self._fractions = figure.factor, figure.per is not None
        group, decimal = re.escape(mapping.thousands), re.escape(mapping.decimal)
        whole = rf"\d{{1,3}}(?:{group}\d{{3}})+|\d+" if group else r"\d+"
        self._pattern = re.compile(rf"(?P<whole>{whole})(?:{decimal}(?P<part>\d+))?")

    def read(self, cell: Cell) -> People | None:
        """The people that a cell says; None for a cell without a figure. Raises BadCellError."""
        if type(cell) is str:
            if cell.isdecimal() and self._times == 1:
                return self._bounded(int(cell))
            return self._text(cell.strip())
        if cell is None:
            return None
        if isinstance(cell, date | bool):
            raise BadCellError("this is no number of people; name the column of the figures")
        return self._whole(float(cell), str(cell))

    def _text(self, text: str) -> People | None:
        if text[:2] == '="' and text[-1] == '"':  # this and an apostrophe tell Excel to take a cell as text
            text = text[2:-1].strip()
        elif text[:1] == "'":
            text = text[1:]
        if text in self._absent:
            return None
        if text in self._suppressed:
            self.flags[text] += 1
            low, high = self._suppressed[text]
            return low, high
        bare = self._without_flags(text) if self._letters or self._brackets else text
        return None if bare in self._absent else self._number(bare)

    def _without_flags(self, text: str) -> str:
        """A text without the letters and footnotes before and behind it, which are counted."""
        if self._brackets and (footnote := _FOOTNOTE.search(text)):
            self.flags["()"] += 1
            text = text[: footnote.start()]
        bare = text.strip(self._letters).strip() if self._letters else text
        before, _, behind = text.partition(bare)
        for letter in set(f"{before}{behind}".replace(" ", "")):
            self.flags[letter] += 1
        return bare

    def _number(self, text: str) -> People:
        found = self._pattern.fullmatch(text)
        if found is None:
            text = text.translate(_ALIKE)
            found = self._pattern.fullmatch(text)
            if found is None:
                raise BadCellError(self._advice(text))
        if found["part"] is not None and _THREE_DECIMALS.fullmatch(text):
            sign = self._decimal
            raise BadCellError(
                f"the {sign!r} may stand between thousands or before decimals; set group = {sign!r}, or write it out"
            )
        whole = int(found["whole"].replace(self._group, "") if self._group else found["whole"])
        if found["part"] is None:
            return self._bounded(whole * self._times)
        return self._whole(float(f"{whole}.{found['part']}"), text)

    def _whole(self, value: float, text: str) -> People:
        people = value * self._times
        if self._times > 1 and people == people:  # noqa: PLR0124 - not a number is unequal to itself
            people = round(people, 6)
        if people.is_integer():
            return self._bounded(int(people))
        if self._fractions and 0 <= people <= MOST_PEOPLE:
            return people
        raise BadCellError(f"{text} is not a whole number of people; set group if the sign stands between thousands")

    def _bounded(self, people: int) -> int:
        if 0 <= people <= MOST_PEOPLE:
            return people
        raise BadCellError(f"a number of people is from 0 to {MOST_PEOPLE:,}")

    def _advice(self, text: str) -> str:
        """What to do about a text that the mapping does not read as a figure."""
        for sign in (",", ".", " ", "'", "_"):
            if re.fullmatch(rf"\d{{1,3}}(?:{re.escape(sign)}\d{{3}})+(?:[.,]\d+)?", text):
                now = f"not {self._group!r}" if self._group else "none now"
                return f"{sign!r} stands between thousands; set group = {sign!r} ({now})"
        for pattern, advice in _ADVICE:
            if found := pattern.fullmatch(text):
                return advice.format(*found.groups(), text=repr(text))
        return "this is no number; add it to missing if it means that there is no figure"


_ADVICE = [
    (re.compile(pattern), advice)
    for pattern, advice in (
        (
            r"[-−(]\s*\d.*|\d[\d., ]*[-−]",  # noqa: RUF001 - a minus sign
            "a number of people is not negative; is this column a net flow or a change?",
        ),
        (
            rf"\d.*{_FOOTNOTE.pattern}",
            'a footnote stands behind the figure; set flags = "()" if it counts all the same',
        ),
        (
            r"([^\W\d_]{1,2}|\*{1,2})\s*\d[\d.,' ]*",
            "letters stand before the figure; set flags = '{0}' if it counts all the same",
        ),
        (
            r"[\d.,' _]*\d\s*([^\d\s.,'_-]{1,3})",
            "letters stand behind the figure; set flags = '{0}' if it counts all the same",
        ),
        (
            r"\d[.,]\d+[eE]\+\d+",
            "the figure is rounded; show the column as a whole number and save the file as CSV again",
        ),
        (r"[<>≤≥~].*", "a range or a bound; set suppressed = {{ {text} = [low, high] }}"),
    )
]
"""What to do about texts of some forms, the first that fits."""
