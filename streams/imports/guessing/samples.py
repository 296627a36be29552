"""Samples: the columns of the first rows of a table, and what their cells look like."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from bordertally.streams.imports.calendar_periods import PeriodReader, cell_text
from bordertally.streams.imports.figures import BadCellError, Cell
from bordertally.streams.imports.mapping import PeriodColumns, PeriodUnit
from bordertally.streams.imports.places import is_total

DECIDE = "DECIDE:"
"""What stands before the sentence that says what a person must decide."""

FIGURE = re.compile(r"(?P<figure>\d+(?:[.,]\d+)?|\d{1,3}(?:[., ']\d{3})+(?:[.,]\d+)?) ?(?P<flag>[^\d\s.,'%]{0,2})")
"""A figure as files write it, with up to two flags."""
_SPACES = str.maketrans(dict.fromkeys("\u00a0\u202f\u2009", " ") | {"\u2019": "'"})
MOST_ALIKE_SHARE = 0.8
"""The share of the cells of a column that must look alike."""


class SampledColumn(NamedTuple):
    """A column: its name in the header, its cells as text, and those that are not empty."""

    name: str
    cells: list[str]
    texts: list[str]

    @property
    def kinds(self) -> list[str]:
        """Its different words, in the order in which they come first."""
        return list(dict.fromkeys(self.texts))

    def filled(self) -> list[str]:
        """Its cells, each empty one with the text above it."""
        above, cells = "", []
        for cell in self.cells:
            above = cell or above
            cells.append(above)
        return cells


def sampled(name: str, rows: Sequence[Sequence[Cell]], index: int) -> SampledColumn:
    """The column of some rows at an index."""
    cells = [cell_text(row[index]).translate(_SPACES) if index < len(row) else "" for row in rows if any(row)]
    return SampledColumn(name, cells, [text for text in cells if text])


def is_figure(text: str) -> bool:
    """Whether a text is a number, perhaps with a flag behind it."""
    return FIGURE.fullmatch(text) is not None


def is_of_years(column: SampledColumn) -> bool:
    """Whether nearly all cells of a column are years."""
    return share_of(column.texts, lambda text: re.fullmatch(r"(?:19|20)\d{2}", text) is not None) >= MOST_ALIKE_SHARE


def reads_as(unit: PeriodUnit, form: str) -> Callable[[str], bool]:
    """A test whether a text is a period of a unit in a form; a total beside days passes too."""
    reader = PeriodReader(PeriodColumns("x", unit, form))

    def reads(text: str) -> bool:
        try:
            reader.read_joined(text)
        except BadCellError:
            return unit is PeriodUnit.DAY and is_total(text)
        return True

    return reads


def share_of(texts: Sequence[str], holds: Callable[[str], bool]) -> float:
    """The share of texts for which a test holds; 0 without texts."""
    return sum(map(holds, texts)) / len(texts) if texts else 0.0


def quoted(text: str) -> str:
    """A text in quotes, as TOML has it."""
    return json.dumps(text, ensure_ascii=False)
