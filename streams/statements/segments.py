"""A sentence cut into segments, one for each figure, and what each says about its figure."""

from __future__ import annotations

import re
from typing import NamedTuple

from streams.statements.language import Language
from streams.statements.marks import Mark, Sheet
from streams.statements.records import LeftOut, Span, Why

_COUNTED = ("people", "citizens", "vehicles", "thing")
_PAUSE = re.compile("[,;:.()\u2013\u2014]")
_CLAUSE = re.compile("[^,;:()\u2013\u2014]+(?:,(?=\\d)[^,;:()\u2013\u2014]+)*")
_WORD = re.compile("[^\\W\\d_][\\w'\u2019-]*")


class Segment(NamedTuple):
    """The part of a sentence that is about one figure; `context` is wider where another says the same of it."""

    span: Span
    figure: Mark
    context: Span


class Noun(NamedTuple):
    """What a figure counts: a population or vehicles, the mark that says so, or why it counts neither.

    `joined`: several populations are counted together ("women and children"), so it is none of them.
    """

    population: str | None = None
    unit: str = "people"
    mark: Mark | None = None
    citizens: str | None = None
    why: Why | None = None
    joined: bool = False


class Cutter:
    """Cuts sentences of one language."""

    def __init__(self, language: Language) -> None:
        table = language.table
        self._cuts = [
            re.compile("|".join(one), re.IGNORECASE) for one in (table.strong, table.weak, table.faint) if one
        ]
        self._bare = language.beginning(table.bare)
        self._joins = re.compile("|".join(table.joins), re.IGNORECASE)
        self._earlier = language.ending(table.earlier)
        self._part_before = language.ending(table.parts)
        self._part_behind = language.beginning(table.parts)
        self._says = language.any_of(table.says)
        self._ahead = language.any_of(table.ahead)
        self._negated = language.ending(table.negated)
        self._difference = language.beginning(table.difference)
        self._people_join = re.compile(rf"\s*(?:{'|'.join(table.joins)})\s*", re.IGNORECASE)
        self._function = re.compile(rf"(?:{'|'.join(table.bare)})\Z", re.IGNORECASE)

    def segments(self, sheet: Sheet, sentence: Span) -> list[Segment]:
        """The segments of a sentence, in order."""
        figures = [one for one in sheet.of("number", sentence) if self._idle(sheet, one, sentence.end) is None]
        found, start = [], sentence.start
        for index, figure in enumerate(figures):
            last = index + 1 == len(figures)
            end = sentence.end if last else self._cut(sheet, figure.end, figures[index + 1].start)
            found.append(Segment(Span(start, end), figure, Span(start, end)))
            start = end
        return found

    def idle(self, sheet: Sheet, sentence: Span) -> list[LeftOut]:
        """The figures of a sentence that count other things; they are no segments ("in 10 boats on Saturday")."""
        figures = [(one.span, self._idle(sheet, one, sentence.end)) for one in sheet.of("number", sentence)]
        return [LeftOut(span, why) for span, why in figures if why is not None]

    def _idle(self, sheet: Sheet, figure: Mark, end: int) -> Why | None:
        if self._negated.search(sheet.text[max(figure.start - 20, 0) : figure.start]):
            return Why.DENIED
        if self._difference.match(sheet.text, figure.end):
            return Why.NET
        nxt = next((mark for mark in sheet.marks if mark.start >= figure.end), None)
        said = self._said(sheet.text[figure.end : min(end, nxt.start if nxt else end)], nxt)
        return None if said is None else said.why

    def _cut(self, sheet: Sheet, start: int, end: int) -> int:
        """Where the part of one figure ends and that of the next begins."""
        for pattern in self._cuts:
            cuts = [
                match.start()
                for match in pattern.finditer(sheet.text, start, end)
                if sheet.free(match.start(), match.end())
                or not any(mark.start < match.start() < mark.end for mark in sheet.marks)
            ]
            if cuts:
                return cuts[-1]
        return end

    def earlier(self, sheet: Sheet, segment: Segment) -> bool:
        """Whether the figure is an earlier level that another is compared with."""
        return bool(self._earlier.search(sheet.text[max(segment.figure.start - 60, 0) : segment.figure.start]))

    def ahead(self, sheet: Sheet, mark: Mark) -> bool:
        """Whether what says that a sentence claims nothing means only what follows it ("denying that ...")."""
        return bool(self._ahead.fullmatch(sheet.text[mark.start : mark.end]))

    def part(self, sheet: Sheet, segment: Segment) -> bool:
        """Whether the figure is one of a part of those before it: "including 1,500 minors", "300 of them"."""
        figure = segment.figure
        before = sheet.text[max(figure.start - 40, 0) : figure.start]
        return bool(self._part_before.search(before) or self._part_behind.match(sheet.text, figure.end))

    def listed(self, sheet: Sheet, segment: Segment, following: Segment) -> bool:
        """Whether two figures are one list: "9,000 Russians and 700 Belarusians"."""
        counted = [mark for mark in sheet.marks if segment.figure.end <= mark.start < following.figure.start]
        gap = segment.figure.end if not counted else counted[-1].end
        return len(counted) <= 1 and bool(self._people_join.fullmatch(sheet.text[gap : following.figure.start]))

    def noun(self, sheet: Sheet, segment: Segment) -> Noun:
        """What the figure counts."""
        text, figure = sheet.text, segment.figure
        nxt = next((mark for mark in sheet.marks if mark.start >= figure.end), None)
        limit = min(segment.span.end, nxt.start if nxt else segment.span.end)
        gap = text[figure.end : limit]
        said = self._said(gap, nxt if nxt and nxt.start < segment.span.end else None)
        if said is not None:
            return said._replace(joined=self._joined(sheet, said))
        people = [
            mark for kind in ("people", "citizens") for mark in sheet.of(kind, segment.span) if mark.end != figure.end
        ]
        before = [mark for mark in people if mark.end <= figure.start]
        mark = max(before, key=lambda one: one.start) if before else next(iter(sorted(people)), None)
        return Noun() if mark is None else _counted(mark)

    def _joined(self, sheet: Sheet, noun: Noun) -> bool:
        """Whether another population follows, joined by "and"."""
        if noun.mark is None or noun.population in (None, "people"):
            return False
        end = noun.mark.end
        behind = [mark for mark in sheet.marks if mark.kind in ("people", "citizens") and mark.start >= end]
        return bool(behind) and bool(self._joins.fullmatch(sheet.text[end : behind[0].start].strip()))

    def _said(self, gap: str, nxt: Mark | None) -> Noun | None:
        """The noun right behind a figure; None where there is none."""
        words = gap.split()
        bare = bool(words) and bool(self._bare.match(" " + gap.strip()))
        if nxt is not None and nxt.kind in _COUNTED and len(words) <= 3 and not bare and not _PAUSE.search(gap):
            return _counted(nxt)
        if not words or bare or not words[0][0].isalpha():
            return None
        return Noun(why=Why.THINGS)

    def unknown(self, sheet: Sheet, segment: Segment) -> int:
        """How many words of a segment no table knows: the more, the less is understood of it.

        What only says who speaks ("..., the border guard said") does not count.
        """
        count, start = 0, segment.span.start
        for match in _CLAUSE.finditer(sheet.text, segment.span.start, segment.span.end):
            start, end = match.span()
            if start <= segment.figure.start < end or not self._says.search(sheet.text, start, end):
                count += sum(
                    sheet.free(word.start(), word.start() + 1) and not self._function.match(word[0])
                    for word in _WORD.finditer(sheet.text, start, end)
                )
        return count


def _counted(mark: Mark) -> Noun:
    match mark.kind:
        case "citizens":
            return Noun(f"citizens:{mark.value}", mark=mark, citizens=mark.value)
        case "vehicles":
            return Noun("people", "vehicles", mark)
        case "thing":
            return Noun(mark=mark, why=Why(mark.value))
        case _:
            return Noun(mark.value, mark=mark)
