"""Shifts: rows of text whose cells stand too far right, as a sign between thousands was read as the delimiter."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from bordertally.streams.imports.calendar_periods import cell_text
from bordertally.streams.imports.columns import TablePlan
from bordertally.streams.imports.figures import Cell

SIGNS = ",. '_"
"""Signs that stand between thousands somewhere. Files with another delimiter hold no shifted rows."""

MOST_ALIKE = 1_000
"""Rows of one length after which a table is taken for one without rows that are too long."""

_THREE_DIGITS = re.compile(r"\d{3}(?:[.,]\d+)?")


class _Split(NamedTuple):
    """Rows of one length in which a figure may be taken apart: how many, and the first of them."""

    rows: int
    first: int


class ShiftWatch:
    """Finds rows of a table in which 1,234 may be two cells.

    A program that writes every row with the same number of delimiters gives such a row one cell too many: it is
    refused. One that leaves out empty last cells does not; then only the rows together tell.
    """

    def __init__(self, plan: TablePlan, delimiter: str) -> None:
        self._plan, self._is_watched = plan, delimiter in SIGNS
        beside = {place for figure in plan.figures for place in (figure.at, figure.at + 1)}
        self._beside_figures = frozenset(beside)
        self._rows, self._shortest = 0, plan.width
        self._split: dict[int, _Split] = {}
        self._always: frozenset[int] | None = None
        """Columns at or behind a figure that may hold the end of a figure taken apart, in every row so far."""
        self._padded: set[int] = set()
        """Columns with three digits of which the first is 0, as figures are not written."""

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
        ends = _ends_of_thousands(row)
        if ends:
            split = self._split.get(length) or _Split(0, number)
            self._split[length] = split._replace(rows=split.rows + 1)
            self._padded.update(place for place in ends if cell_text(row[place]).startswith("0"))
        if self._always is None or self._always:
            always = self._beside_figures.intersection(ends)
            self._always = always if self._always is None else self._always & always

    def doubts(self) -> Iterator[tuple[str, int]]:
        """What the rows together show: a sentence, and of how many rows."""
        longer = [split for length, split in self._split.items() if length > self._shortest]
        if longer:
            first = min(split.first for split in longer)
            yield (
                f"rows with more cells than others may have a sign between thousands as delimiter (first: row {first})",
                sum(split.rows for split in longer),
            )
            return
        last = self._plan.named - 1
        ends = (self._always or frozenset()) & (self._padded | {last})
        if ends and last in self._plan.unmapped:
            yield (
                f"rows have three digits in column {min(ends) + 1}: is a sign between thousands the delimiter?",
                sum(split.rows for split in self._split.values()),
            )


def _ends_of_thousands(row: Sequence[Cell]) -> list[int]:
    """The columns of three digits that follow one to three digits, as the two parts of 1,234 would."""
    texts = [cell if type(cell) is str else "" for cell in row]
    if 3 not in map(len, texts):
        return []
    return [
        place
        for place, (before, text) in enumerate(pairwise(texts), 1)
        if len(text) == 3 and text.isdecimal() and len(before) <= 3 and before.isdecimal() and before[0] != "0"
    ]
