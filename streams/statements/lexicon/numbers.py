"""Numbers: figures in digits and words, ranges, words such as "dozens", and their qualifiers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from bordertally.streams.qualifiers import Qualifier
from bordertally.streams.statements.lexicon.figures import FigureGrammar
from bordertally.streams.statements.lexicon.language import Language, alternatives
from bordertally.streams.statements.lexicon.marks import Sheet, TextMark
from bordertally.streams.statements.records import Why

MOST = 1_000_000_000


class Quantity(NamedTuple):
    """A figure, or a range if `high` is set. `qualifier`: None if no word gives one.

    `odd`: the text has more of the figure than was understood, so that it may mean another number.
    """

    low: float
    high: float | None = None
    qualifier: Qualifier | None = None
    odd: bool = False

    @property
    def people(self) -> float | list[float]:
        """The figure as a claim has it: an integer if it is whole, [low, high] for a range."""
        if self.high is not None:
            return [_plain(self.low), _plain(self.high)]
        return _plain(self.low)


def _plain(value: float) -> float:
    return int(value) if value == int(value) else value


class Numbers:
    """Finds the quantities of a text in one language."""

    def __init__(self, language: Language) -> None:
        self.table = language.table.numbers
        grammar = self._grammar = FigureGrammar(language.table.numbers)
        self._any_magnitude = re.compile(rf"[\s\u00a0-]?({grammar.sizes})$", re.IGNORECASE)
        self._vague = [
            (re.compile(rf"(?<!\w)(?:{name})(?!\w)", re.IGNORECASE), value) for name, value in self.table.vague.items()
        ]
        self._zero = re.compile(rf"(?<!\w)(?:{alternatives(self.table.zero)})(?!\w)", re.IGNORECASE)
        figure = grammar.figure
        self._figure = re.compile(figure, re.IGNORECASE)
        self._ranges = [
            re.compile(
                pattern.replace("{q}", f"(?P<low>{figure})", 1).replace("{q}", f"(?P<high>{figure})"), re.IGNORECASE
            )
            for pattern in self.table.ranges
        ]
        self._growth = language.ending([f"(?:{alternatives(language.table.growth)})(?: [\\w.,%\u2013-]+){{0,4}}?"])
        self._reached = language.ending(language.table.reached)
        self._before = {how: language.ending(phrases) for how, phrases in language.table.before.items()}
        self._after = {how: language.beginning(phrases) for how, phrases in language.table.after.items()}
        self._between = language.ending(language.table.between)
        self._label = language.ending(self.table.labels)
        self._multiple = language.ending(self.table.multiples)
        self._whole = language.beginning(self.table.wholes)

    def mark(self, sheet: Sheet) -> None:
        """Add a mark of kind `number` for every quantity that no other mark covers."""
        sheet.put(self._found(sheet))

    def vague(self, text: str) -> bool:
        """Whether a figure is a vague word, which counts as the least that it can mean: "hundreds of"."""
        return any(regex.fullmatch(text) for regex, _ in self._vague)

    def _found(self, sheet: Sheet) -> Iterator[TextMark]:
        text = sheet.text
        for pattern in self._ranges:
            for match in pattern.finditer(text):
                span = self._range(sheet, match)
                if span is not None:
                    yield span
        for regex, least in self._vague:
            for match in regex.finditer(text):
                yield TextMark(match.start(), match.end(), "number", Quantity(least, None, Qualifier.AT_LEAST))
        for match in self._zero.finditer(text):
            yield TextMark(match.start(), match.end(), "number", Quantity(0))
        for match in self._figure.finditer(text):
            value = self._grammar.value(match[0])
            if value is None or value > MOST or not sheet.free(match.start(), match.end()):
                continue
            if value != int(value) or self._label.search(text, 0, match.start()):
                # "a 4.5-acre site": nobody counts a part of a person; "order No. 300"
                yield TextMark(match.start(), match.end(), "mask", Why.THINGS.value)
            else:
                yield self._qualified(text, match.start(), match.end(), Quantity(value))

    def _range(self, sheet: Sheet, match: re.Match[str]) -> TextMark | None:
        """A range; None for "rose from 5,000 to 10,000", which is two levels."""
        if not sheet.free(match.start(), match.end()):
            return None
        levels = any(sign.isalpha() for sign in match[0].replace(match["low"], "").replace(match["high"], ""))
        if levels and self._growth.search(sheet.text[max(0, match.start() - 60) : match.start()]):
            return None
        low, high = self._grammar.value(match["low"]), self._grammar.value(match["high"])
        shared = self._any_magnitude.search(match["high"])
        if low is not None and shared and not self._any_magnitude.search(match["low"]):
            low *= self._grammar.size(shared[1])  # "9 to 12 thousand"
        if low is None or high is None or not low < high <= MOST or high > low * 20:
            return None
        return self._qualified(sheet.text, match.start(), match.end(), Quantity(low, high))

    def _qualified(self, text: str, start: int, end: int, quantity: Quantity) -> TextMark:
        """The quantity with the qualifier that the words around and in it give; odd where more belongs to it."""
        at, until, qualifier = self._put(text, start, end)
        if qualifier is None:
            qualifier = self._grammar.qualifier_within(text[start:end])
        multiple = self._multiple.search(text[max(0, at - 60) : at]) and not self._whole.match(text, until)
        odd = self._grammar.goes_on(text, start, until) or bool(multiple)
        return TextMark(at, until, "number", quantity._replace(qualifier=qualifier, odd=odd))

    def _put(self, text: str, start: int, end: int) -> tuple[int, int, Qualifier | None]:
        """Where a figure begins and ends with the words that give its qualifier, and the qualifier."""
        before = text[max(0, start - 60) : start]
        cut = self._between.search(before)
        head = before[: cut.start()] if cut and cut[0].strip() else before
        for qualifier, pattern in self._before.items():
            match = pattern.search(head)
            if match and self._reached.fullmatch(match[0]) and self._growth.search(head[: match.start()]):
                match = None  # "rose to 10,000", where a word for "to" is also one for "at most"
            if match:
                return start - len(before) + match.start(), end, qualifier
        for qualifier, pattern in self._after.items():
            match = pattern.match(text, end)
            if match:
                return start, match.end(), qualifier
        return start, end, None
