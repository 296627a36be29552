"""Headers of a guess: which rows name the columns, and which are text beside the table."""

from __future__ import annotations

from collections.abc import Sequence

from bordertally.streams.imports.calendar_periods import cell_text
from bordertally.streams.imports.figures import Cell
from bordertally.streams.imports.guessing.periods import day_readers
from bordertally.streams.imports.guessing.samples import is_figure
from bordertally.streams.imports.places import is_total


def header_rows(rows: Sequence[Sequence[Cell]]) -> list[int]:
    """The numbers of the rows that name the columns, from 1; none where the first row holds a period and figures.

    That is the first row that fills nearly all columns, and one beside it where names stand twice.
    """
    widths = [sum(bool(cell_text(cell)) for cell in row) for row in rows[:30]]
    widest = max(widths, default=0)
    at = next((index for index, width in enumerate(widths) if width >= max(2, 0.7 * widest)), 0)
    texts = [[cell_text(cell) for cell in row if cell_text(cell)] for row in rows[: at + 2]]
    if not texts or _is_of_data(texts[at]):
        return []
    if len(set(texts[at])) < len(texts[at]):
        for beside in (at + 1, at - 1):
            if 0 <= beside < len(texts) and len(texts[beside]) > 1 and not any(map(is_figure, texts[beside])):
                return sorted((at + 1, beside + 1))
    return [at + 1]


def is_text(row: Sequence[Cell], width: int) -> bool:
    """Whether a row of a table of several columns has one cell only, as notes have."""
    return width > 2 and sum(bool(cell_text(cell)) for cell in row) == 1


def _is_of_data(texts: Sequence[str]) -> bool:
    """Whether a row has a day and a figure, and so is none of names."""
    days = [text for text in texts if not is_total(text) and any(reads(text) for reads in day_readers())]
    return bool(days) and any(is_figure(text) for text in texts if text not in days)
