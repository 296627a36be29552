"""Areas: a part of a table by the letters of its columns and the numbers of its rows, such as A1:N23."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from bordertally.agents.imports.errors import UnreadableError
from bordertally.streams.errors import shown
from bordertally.streams.imports.figures import Cell
from bordertally.streams.imports.tables import Row

_RANGE = re.compile(r"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{0,7})", re.IGNORECASE)


class Area(NamedTuple):
    """The first column and row of a part of a table, and those after its last ones, from 0; no last row: to the end."""

    left: int
    top: int
    right: int
    bottom: int | None

    def cut(self, rows: Iterable[Sequence[Cell]], *, overflowing: bool = False) -> Iterator[Row]:
        """The rows of the part, numbered from 1.

        `overflowing`: where its first row has no cell beyond the last column, further rows keep theirs. A row of text
        that a sign between thousands has made longer is then seen to be so.
        """
        right: int | None = self.right
        for number, row in enumerate(islice(rows, self.top, self.bottom), 1):
            if number == 1 and overflowing and len(row) <= self.right:
                right = None
            yield number, row[self.left : right]


def area_of(text: str, name: str) -> Area:
    """The area that a text such as A1:N23 names; empty: the whole table. Raises UnreadableError for the file `name`."""
    if not text:
        return Area(0, 0, 1 << 14, None)
    found = _RANGE.fullmatch(text.strip())
    if found is None:
        raise UnreadableError(f"{name}: range: {shown(text)} is not of the form A1:N23")
    left, top, right, bottom = found.groups()
    first, last = _column(left), _column(right)
    if last < first or int(top) < 1 or (bottom and int(bottom) < int(top)):
        raise UnreadableError(f"{name}: range: {shown(text)} ends before it begins")
    return Area(first, int(top) - 1, last + 1, int(bottom) if bottom else None)


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1
