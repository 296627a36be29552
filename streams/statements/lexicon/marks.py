"""Marks: the matches of a language's patterns in a text. No two marks overlap."""

from __future__ import annotations

import re
from bisect import insort
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from bordertally.streams.statements.lexicon.language import Pattern
from bordertally.streams.statements.lexicon.prefilter import Sieve, fold
from bordertally.streams.statements.records import Span


class TextMark(NamedTuple):
    """A span of the text with a meaning: its kind, and a value whose type depends on the kind."""

    start: int
    end: int
    kind: str
    value: Any

    @property
    def span(self) -> Span:
        """The span of the mark."""
        return Span(self.start, self.end)

    def within(self, span: Span) -> bool:
        """Whether the mark begins inside a span."""
        return span.start <= self.start < span.end


class Sheet:
    """A text with its marks so far."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.marks: list[TextMark] = []
        self._taken = bytearray(len(text))

    def free(self, start: int, end: int) -> bool:
        """Whether no mark overlaps this span."""
        return not any(self._taken[start:end])

    def add(self, mark: TextMark) -> None:
        """Add a mark; no other mark can overlap it from now on."""
        self._taken[mark.start : mark.end] = b"\x01" * (mark.end - mark.start)
        insort(self.marks, mark, key=lambda placed: (placed.start, placed.end))

    def replace(self, mark: TextMark, value: Any) -> None:
        """Replace the value of a mark."""
        self.marks[self.marks.index(mark)] = mark._replace(value=value)

    def put(self, candidates: Iterable[TextMark]) -> None:
        """Add all marks that do not overlap others: earlier marks first, and the longer of two with the same start."""
        for mark in sorted(candidates, key=lambda candidate: (candidate.start, -candidate.end)):
            if self.free(mark.start, mark.end):
                self.add(mark)

    def of(self, kind: str, span: Span | None = None) -> list[TextMark]:
        """The marks of a kind that begin in a span, in order of the text."""
        return [mark for mark in self.marks if mark.kind == kind and (span is None or mark.within(span))]


class Patterns:
    """Patterns that are searched together."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self.patterns = list(patterns)
        self._sieve = Sieve(pattern.needles for pattern in self.patterns)

    def scan(self, text: str) -> Iterator[tuple[Pattern, re.Match[str]]]:
        """Every match of every pattern, in order of the patterns."""
        for place in self._sieve.may_match(fold(text)):
            pattern = self.patterns[place]
            for match in pattern.regex.finditer(text):
                yield pattern, match


_END = re.compile("[.!?\u2026]+[\"'\u201d\u2019\u00bb)]*(?=\\s|$)|\\n\\s*\\n|\\n(?=\\s*[^\\w\\s\"'\u201c\u00ab(\\[])")


_LISTED = re.compile(r"[:;]\s*\Z")
_ITEM = re.compile("\\s*[-\u2013\u2014\u2022*\u00b7]\\s")
"""A line of a list, below a heading or another line that a sign ends."""

LONGEST = 2_000
"""Characters of a sentence at most: what has no full stop is cut, so that reading stays in proportion to the text."""


def sentences(text: str, abbreviations: re.Pattern[str], closing: re.Pattern[str] | None = None) -> list[Span]:
    """The spans of the sentences of a text. A full stop after an abbreviation or before a small letter ends none.

    A line that begins with a sign ("📌", "-") begins a sentence, but not in a list: behind ":" or ";".

    `closing`: abbreviations that end one where a capital letter follows ("11 thou. By Monday").
    """
    spans, start = [], 0
    for match in _END.finditer(text):
        follows = text[match.end() :].lstrip()[:1]
        words = text[start : match.start() + 1]
        ends = follows.isupper() or text.startswith("\n", match.end())
        closed = closing is not None and ends and closing.search(words)
        if _LISTED.search(words) and _ITEM.match(text, match.end()):
            continue  # "Those who entered, by nationality:", and below it "- Turkey - 540;"
        if match[0].startswith(".") and (follows.islower() or (abbreviations.search(words) and not closed)):
            continue
        spans.append(Span(start, match.end()))
        start = match.end()
    spans.append(Span(start, len(text)))
    spans = [Span(at, min(at + LONGEST, span.end)) for span in spans for at in range(span.start, span.end, LONGEST)]
    trimmed = ((span, text[span.start : span.end]) for span in spans)
    return [
        Span(span.start + len(words) - len(words.lstrip()), span.start + len(words.rstrip()))
        for span, words in trimmed
        if words.strip()
    ]
