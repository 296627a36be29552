"""Numbers: figures in digits and words, ranges, words such as "dozens", and their qualifiers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from bordertally.streams.qualifiers import Qualifier
from bordertally.streams.statements.lexicon.language import Language, alternatives
from bordertally.streams.statements.lexicon.marks import Sheet, TextMark
from bordertally.streams.statements.records import Why

MOST = 1_000_000_000

_THOUSANDS = re.compile(r"\d{1,3}(?:[.,]\d{3})+")


class Quantity(NamedTuple):
    """A figure, or a range if `high` is set. `qualifier`: None if no word gives one."""

    low: float
    high: float | None = None
    qualifier: Qualifier | None = None

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
        table = language.table.numbers
        self.table = table
        separators = re.escape(table.thousands)
        words = alternatives(sorted((re.escape(word) for word in table.words), key=len, reverse=True))
        magnitudes = alternatives(table.magnitudes)
        fractions = alternatives(table.fractions)
        digits = (
            rf"\d{{1,3}}(?:[{separators}]\d{{3}})+(?:{re.escape(table.decimal)}\d{{1,2}})?(?![{separators}]?\d)|"
            rf"\d{{1,3}}(?:[.,]\d{{3}})+(?![.,]?\d)|\d+(?:{re.escape(table.decimal)}\d+)?"
        )
        figure = (
            rf"(?:{fractions})(?!\w)|"
            rf"(?:{digits})(?:[\s\u00a0-]?(?:{magnitudes})(?!\w)"
            rf"(?:\s\d{{1,3}}(?:[.,]\d+)?[\s\u00a0]?(?:{magnitudes})(?!\w)|\s\d{{3}}(?![\w.,]*\d))?)?|"
            rf"(?:{words})(?:[\s-](?:{words}|{magnitudes}))*(?!-?\w)|"
            rf"(?:{magnitudes})(?!\w)"
        )
        figure = rf"(?<![\w.,])(?:{figure})(?!\w)"
        self._magnitude = [
            (re.compile(rf"(?:{name})\Z", re.IGNORECASE), size) for name, size in table.magnitudes.items()
        ]
        self._pieces = re.compile(rf"({digits})(?:[\s\u00a0-]?({magnitudes})(?!\w))?", re.IGNORECASE)
        self._any_magnitude = re.compile(rf"[\s\u00a0-]?({magnitudes})$", re.IGNORECASE)
        self._vague = [
            (re.compile(rf"(?<!\w)(?:{name})(?!\w)", re.IGNORECASE), value) for name, value in table.vague.items()
        ]
        self._fractions = [(re.compile(name, re.IGNORECASE), value) for name, value in table.fractions.items()]
        self._zero = re.compile(rf"(?<!\w)(?:{alternatives(table.zero)})(?!\w)", re.IGNORECASE)
        self._figure = re.compile(figure, re.IGNORECASE)
        self._ranges = [
            re.compile(
                pattern.replace("{q}", f"(?P<low>{figure})", 1).replace("{q}", f"(?P<high>{figure})"), re.IGNORECASE
            )
            for pattern in table.ranges
        ]
        self._growth = language.ending([f"(?:{alternatives(language.table.growth)})(?: \\w+){{0,3}}?"])
        self._reached = language.ending(language.table.reached)
        self._before = {how: language.ending(phrases) for how, phrases in language.table.before.items()}
        self._after = {how: language.beginning(phrases) for how, phrases in language.table.after.items()}
        self._between = language.ending(language.table.between)

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
            value = self.value(match[0])
            if value is None or value > MOST or not sheet.free(match.start(), match.end()):
                continue
            if value != int(value):  # "a 4.5-acre site": nobody counts a part of a person
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
        low, high = self.value(match["low"]), self.value(match["high"])
        shared = self._any_magnitude.search(match["high"])
        if low is not None and shared and not self._any_magnitude.search(match["low"]):
            low *= self._size(shared[1])  # "9 to 12 thousand"
        if low is None or high is None or not low < high <= MOST or high > low * 20:
            return None
        return self._qualified(sheet.text, match.start(), match.end(), Quantity(low, high))

    def _qualified(self, text: str, start: int, end: int, quantity: Quantity) -> TextMark:
        """The quantity with the qualifier that the words before and after it give."""
        before = text[max(0, start - 60) : start]
        cut = self._between.search(before)
        head = before[: cut.start()] if cut and cut[0].strip() else before
        for qualifier, pattern in self._before.items():
            match = pattern.search(head)
            if match and self._reached.fullmatch(match[0]) and self._growth.search(head[: match.start()]):
                match = None  # "rose to 10,000", where a word for "to" is also one for "at most"
            if match:
                at = start - len(before) + match.start()
                return TextMark(at, end, "number", quantity._replace(qualifier=qualifier))
        for qualifier, pattern in self._after.items():
            match = pattern.match(text, end)
            if match:
                return TextMark(start, match.end(), "number", quantity._replace(qualifier=qualifier))
        return TextMark(start, end, "number", quantity)

    def _size(self, text: str) -> int:
        return next(size for pattern, size in self._magnitude if pattern.match(text))

    def value(self, text: str) -> float | None:
        """A figure as a number, to three decimals; None for a word that only joins others."""
        for pattern, value in self._fractions:
            if pattern.fullmatch(text):
                return value
        if not text[0].isdigit():
            return self._words(text)
        pieces = self._pieces.findall(text)  # "20 thousand 300" has two
        return round(sum(self._digits(digits, size) * (self._size(size) if size else 1) for digits, size in pieces), 3)

    def _digits(self, text: str, magnitude: str = "") -> float:
        """A figure in digits. Without a magnitude, three digits after a point or comma are thousands: "88.000"."""
        if not magnitude and _THOUSANDS.fullmatch(text):
            return float(re.sub(r"\D", "", text))
        whole, _, part = text.partition(self.table.decimal)
        if re.fullmatch(rf"\d{{1,3}}(?:[{re.escape(self.table.thousands)}]\d{{3}})+", whole):
            plain = re.sub(r"\D", "", whole)
            return float(f"{plain}.{part or 0}")
        return float(text.replace(self.table.decimal, "."))

    def _words(self, text: str) -> float | None:
        """Numbers in words: "twenty-five thousand"."""
        total = current = 0
        for word in re.split(r"[\s-]+", text.lower()):
            if word in self.table.words:
                current += self.table.words[word]
                continue
            size = next((size for pattern, size in self._magnitude if pattern.match(word)), None)
            if size is None:
                return None
            if size < 1000:
                current = (current or 1) * size
            else:
                total, current = total + (current or 1) * size, 0
        return None if total + current == 1 else float(total + current)  # "a", "one": a word, hardly ever a figure
