"""A language with everything derived from it once: its scanner, its cutter, and how well a text fits it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property

from bordertally.streams.statements.lexicon.gazetteer import Gazetteer
from bordertally.streams.statements.lexicon.language import Language
from bordertally.streams.statements.lexicon.scanner import Scanner
from bordertally.streams.statements.lexicon.segments import Cutter


class Tongue:
    """The tools that read a text in one language."""

    def __init__(self, language: Language, gazetteer: Callable[[], Gazetteer]) -> None:
        table = language.table
        self.language, self._gazetteer = language, gazetteer
        self.abbreviations = language.ending([f"(?:{abbreviation})" for abbreviation in table.abbreviations])
        self.closing = language.ending([f"(?:{word})" for word in table.closing])
        self.present = language.any_of(table.present)
        self.again = language.any_of(table.again)
        self._passive = language.any_of(table.passive)
        self.same_day = language.any_of(table.same_day)
        self._letters = re.compile(table.letters)
        self._anchors = [(day, language.any_of(phrases)) for day, phrases in table.anchors.items()]
        self._usual = language.any_of(table.usual)

    @cached_property
    def scanner(self) -> Scanner:
        """The scanner with compiled patterns; compiled for the first text in the language."""
        return Scanner(self.language, self._gazetteer(), self.cutter.clauses)

    @cached_property
    def cutter(self) -> Cutter:
        """The cutter that divides sentences into segments."""
        return Cutter(self.language)

    def unit_of(self, text: str) -> str | None:
        """The unit of time that a phrase ends with ("in the same week"), if any."""
        words = text.split()
        return self.language.which(self.language.table.units, words[-1]) if words else None

    def begun(self, text: str) -> str | None:
        """The day of a named event that a phrase of time refers to ("since the invasion"), if any."""
        return next((day for day, pattern in self._anchors if pattern.search(text)), None)

    def moved(self, text: str, start: int, end: int) -> bool:
        """Whether a verb in the passive stands in a part of a text: somebody moved these people, or let them move."""
        return bool(self._passive.search(text, start, end))

    def fit(self, text: str) -> int:
        """The number of frequent words of the language in a text, plus one; 0 if most letters are of another script."""
        letters = sum(map(str.isalpha, text))
        if not letters or len(self._letters.findall(text)) * 2 < letters:
            return 0
        return 1 + len(self._usual.findall(text))
