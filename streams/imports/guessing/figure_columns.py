"""Figure columns of a guess: which columns hold numbers of people, and what their cells say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bordertally.streams.imports.guessing.periods import is_of_days
from bordertally.streams.imports.guessing.samples import (
    FIGURE,
    SampledColumn,
    is_figure,
    is_of_years,
    share_of,
)
from bordertally.streams.imports.titles import is_no_number_of_people

_MARKER = re.compile(r"[^\d]*|[<>≤≥~].*|[-−]\s*\d.*")  # noqa: RUF001 - a minus sign
"""Cells in a column of figures that are none: words, bounds and negative numbers."""
_MOST_FIGURES = 0.6
"""The share of the cells of a column of figures that are numbers; the others may be markers."""


def figure_columns(columns: Sequence[SampledColumn]) -> list[SampledColumn]:
    """The columns that hold figures: numbers that are no years, no codes and no numbers of the rows."""
    return [
        column
        for column in columns
        if share_of([text for text in column.texts if not _MARKER.fullmatch(text)], is_figure) >= _MOST_FIGURES
        and not is_no_number_of_people(column.name)
        and not is_of_years(column)
        and not is_of_days(column)
        and not _counts_rows(column)
        and not re.fullmatch(r"(?i).*\b(?:code|id|no|nr)\b.*|.*_id", column.name)
    ]


def _counts_rows(column: SampledColumn) -> bool:
    numbers = [int(text) for text in column.texts if text.isdecimal()]
    return len(numbers) > 2 and numbers == list(range(numbers[0], numbers[0] + len(column.texts)))


def people_in(texts: Sequence[str]) -> Iterator[int]:
    """Figures as whole numbers, without signs and flags."""
    for text in texts:
        if (found := FIGURE.fullmatch(text)) and (digits := re.sub(r"\D", "", found["figure"])):
            yield int(digits)


def never_falls(column: SampledColumn) -> bool:
    """Whether at least five figures, in the order of the file, only grow."""
    figures = [int(text) for text in column.texts if text.isdecimal()]
    return len(figures) >= 5 and len(figures) == len(column.texts) and figures == sorted(set(figures))
