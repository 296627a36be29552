"""Shifts: rows of text whose cells stand too far right, as a sign between thousands was read as the delimiter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from bordertally.streams.imports.calendar_periods import cell_text
from bordertally.streams.imports.columns import TablePlan
from bordertally.streams.imports.figures import Cell
from bordertally.streams.imports.mapping import ImportMap

SIGNS = ",. '_"
"""Signs that stand between thousands somewhere. Files with another delimiter hold no shifted rows."""

MOST_ALIKE = 1_000
"""Rows of one length after which a table is taken for one without rows that are too long."""

ENOUGH_ROWS, ENOUGH_FIGURES = 66, 10
"""Rows after which the ends of thousands would have begun with a 0 somewhere (0.9 ** 66 is a thousandth), and the
different figures before them without which they need not: all figures from 1,100 to 1,999 begin with 1."""

_THREE_DIGITS = re.compile(r"\d{3}(?:[.,]\d+)?")


class _Split(NamedTuple):
    """Rows of one length in which a figure may be taken apart: how many, and the first of them."""

    rows: int
    first: int


class _End:
    """A column of three digits behind one to three: the rows in which it may hold the end of a figure.

    `padded`: whether it begins with a 0 somewhere, as figures are not written. `short`: whether the figure before has
    fewer than three digits somewhere. `before`: some of the different figures before it.
    """

    def __init__(self) -> None:
        self.rows = 0
        self.padded = self.short = False
        self.before: set[str] = set()

    def add(self, before: str, text: str) -> None:
        self.rows += 1
        self.padded |= text[0] == "0"
        self.short |= len(before) < 3
        if len(self.before) < ENOUGH_FIGURES:
            self.before.add(before)

    @classmethod
    def of_all(cls, ends: Iterable[_End]) -> _End:
        """Several columns as one."""
        every = cls()
        for end in ends:
            every.rows += end.rows
            every.padded |= end.padded
            every.short |= end.short
            every.before |= end.before
        return every

    def is_by_chance(self, rows: int) -> bool:
        """Whether the figures are of three digits by themselves, of so many rows: none of them begins with a 0."""
        return not self.padded and rows >= ENOUGH_ROWS and len(self.before) >= ENOUGH_FIGURES


class ShiftWatch:
    """Finds rows of a table in which 1,234 may be two cells.

    A program that writes every row with the same number of delimiters gives such a row one cell too many: it is
    refused. One that leaves out empty last cells does not; then only the rows together tell.
    """

    def __init__(self, plan: TablePlan, mapping: ImportMap, *, delimited: bool = True) -> None:
        self._plan, self._delimiter = plan, mapping.delimiter
        signs = re.escape(mapping.delimiter + mapping.thousands)
        self._grouped = re.compile(rf"\d{{1,3}}(?:[{signs}]\d{{3}})+")
        self._is_watched = delimited and mapping.delimiter in SIGNS
        self._is_told = mapping.group == "none"
        self._figures = frozenset(figure.at for figure in plan.figures)
        self._missing = frozenset(mapping.missing)
        self._rows, self._shortest = 0, plan.width
        self._looked = self._with_end = 0
        """Rows that were looked at, and those of them in which a figure may be taken apart."""
        self._is_complete = self._is_grouped = False
        """Whether a row ends with an empty cell, and whether a cell holds the delimiter, or a figure its own sign."""
        self._split: dict[int, _Split] = {}
        self._ends: dict[int, _End] = {}
        self._words: set[int] = set()
        """Columns that hold a word somewhere."""

    def fault(self, row: Sequence[Cell]) -> str | None:
        """Why a row cannot be read: it has more cells than the header, or thousands in a column without a name."""
        plan = self._plan
        if len(row) <= plan.named:
            return None
        behind = [cell_text(cell) for cell in row[plan.named :]]
        beyond = behind[plan.width - plan.named :]
        if any(beyond) or any(map(_THREE_DIGITS.fullmatch, behind)):
            filled = plan.named + max(place for place, text in enumerate(behind, 1) if text)
            return f"the row has {filled} cells and the header {plan.named}; is a sign between thousands the delimiter?"
        if beyond and self._is_watched:
            return (
                f"the row has {len(row)} cells and the header {plan.width}; is a sign between thousands the delimiter? "
                "If every row ends with a delimiter, end the header with one too"
            )
        return None

    def add(self, number: int, row: Sequence[Cell], length: int) -> None:
        """Note a row with figures. `length`: the number of its cells in the file."""
        if not self._is_watched:
            return
        self._shortest = min(self._shortest, length)
        self._rows += 1
        if self._rows > MOST_ALIKE and self._shortest == self._plan.width:
            return
        self._looked += 1
        texts = [cell.strip() if type(cell) is str else "" for cell in row]
        self._is_complete |= length >= self._plan.width and not texts[-1]
        if not self._is_grouped:
            self._is_grouped = any(self._grouped.fullmatch(texts[place]) for place in self._figures) or any(
                self._delimiter in text for text in texts
            )
        ends = [place for place in _ends_of_thousands(texts) if place not in self._plan.words]
        for place in ends:
            self._ends.setdefault(place, _End()).add(texts[place - 1], texts[place])
        self._with_end += bool(ends)
        if any(map(self._harms, ends)):
            split = self._split.get(length) or _Split(0, number)
            self._split[length] = split._replace(rows=split.rows + 1)
        for place in self._plan.unmapped:
            if any(map(str.isalpha, texts[place])) and texts[place] not in self._missing:
                self._words.add(place)

    def _harms(self, place: int) -> bool:
        """Whether a shift at a column moves cells that the mapping names."""
        return place <= self._plan.last + 1

    def doubts(self) -> Iterator[tuple[str, int]]:
        """What the rows together show: a sentence, and of how many rows."""
        if self._is_grouped or self._is_told:
            return
        longer = [split for length, split in self._split.items() if length > self._shortest]
        if longer:
            first = min(split.first for split in longer)
            yield (
                f"rows with more cells than others may have a sign between thousands as delimiter (first: row {first})",
                sum(split.rows for split in longer),
            )
        elif not self._is_complete and (places := self._suspects()):
            names = ", ".join(str(place + 1) for place in places)
            why = f"rows have three digits in column {names}: is a sign between thousands the delimiter?"
            yield f'{why} If not, set group = "none"', max(self._ends[place].rows for place in places)

    def _suspects(self) -> list[int]:
        """The columns that may hold the ends of figures that were taken apart."""
        plan, suspects = self._plan, []
        for place, end in self._ends.items():
            always = end.rows == self._looked and not end.is_by_chance(self._looked)
            if (
                (place in self._figures and end.padded)
                or place in self._words
                or (always and (end.short or not plan.is_last_filled))
            ):
                suspects.append(place)
        if not suspects and self._with_end == self._looked and not plan.is_last_filled:
            every = _End.of_all(self._ends.values())
            suspects = [] if every.is_by_chance(self._looked) else list(self._ends)
        return sorted(filter(self._harms, suspects))


def _ends_of_thousands(texts: Sequence[str]) -> list[int]:
    """The columns of three digits that follow one to three digits, as the two parts of 1,234 would."""
    if 3 not in map(len, texts):
        return []
    return [
        place
        for place, (before, text) in enumerate(pairwise(texts), 1)
        if len(text) == 3 and text.isdecimal() and len(before) <= 3 and before.isdecimal() and before[0] != "0"
    ]
