"""Columns: figures in pairs below a heading of two movements, "(arrivals / departures): Vaalimaa 14,310 / 12,998"."""

from __future__ import annotations

from itertools import pairwise

from bordertally.streams.statements.lexicon.marks import Sheet, TextMark

_STROKE = "/"
_WIDE = 60
"""Characters between the two words of a heading at most: " in Finland / "."""


class PairedColumns:
    """The columns of one sentence."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet

    def of(self, figure: TextMark) -> TextMark | None:
        """The word of movement in the heading above a figure; None for a figure outside the columns."""
        heading = self._heading(figure)
        text = self.sheet.text
        if not heading:
            return None
        if text[: figure.start].rstrip().endswith(_STROKE):
            return heading[1]
        return heading[0] if text[figure.end :].lstrip().startswith(_STROKE) else None

    def _heading(self, figure: TextMark) -> tuple[TextMark, TextMark] | None:
        """Two words of movement separated by a stroke, without a figure between them."""
        events = [mark for mark in self.sheet.of("event") if mark.end <= figure.start]
        for left, other in pairwise(events):
            between = self.sheet.text[left.end : other.start]
            if _STROKE in between and len(between) <= _WIDE and not any(map(str.isdigit, between)):
                return left, other
        return None
