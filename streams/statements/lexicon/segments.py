"""Segments: the parts of a sentence, one for each figure, and what each part says about its figure."""

from __future__ import annotations

import re
from typing import NamedTuple

from bordertally.streams.statements.lexicon.clauses import Clauses
from bordertally.streams.statements.lexicon.language import Language, alternatives
from bordertally.streams.statements.lexicon.marks import Sheet, TextMark
from bordertally.streams.statements.lexicon.nouns import Nouns
from bordertally.streams.statements.lexicon.time_phrases import StatedPeriod
from bordertally.streams.statements.records import LeftOut, Span, Why

_CLAUSE = re.compile("[^,;:()\u2013\u2014]+(?:,(?=\\d)[^,;:()\u2013\u2014]+)*")
_WORD = re.compile("[^\\W\\d_][\\w'\u2019-]*")

_STOP = re.compile("[,;:()\u2013\u2014](?!\\d)| - ")
_LEADS = re.compile(" ?[-\u2013\u2014:] ?")
_DIGIT = re.compile(r"\d")
_YEAR = re.compile("(?:19|20)\\d\\d")
_AHEAD = 8
"""Characters behind a cut that may decide whether it is one."""

_LISTED = 40
"""Characters of a place in front of its figure at most, in a list."""

_SHORT = 12
"""Characters before a place or time that is said in front of its figure: "and at the "."""


class Segment(NamedTuple):
    """The part of a sentence about one figure. `context`: a wider part that also applies to the figure."""

    span: Span
    figure: TextMark
    context: Span


class Cutter:
    """Divides the sentences of one language into segments."""

    def __init__(self, language: Language) -> None:
        table = language.table
        self._cuts = [
            re.compile("|".join(patterns), re.IGNORECASE) for patterns in (table.strong, table.weak) if patterns
        ]
        self._faint = re.compile("|".join(table.faint), re.IGNORECASE)
        self.nouns = Nouns(language)
        self.clauses = Clauses(language)
        self._earlier = language.ending(table.earlier)
        self._taken_up = language.ending(table.taken_up)
        self._trailing = language.ending(table.trailing)
        self._part_before = language.ending(table.parts)
        self._part_begins = re.compile(rf"[\s,;(\u2013\u2014-]*(?:{alternatives(table.parts)})(?!\w)", re.IGNORECASE)
        self._part = language.any_of(table.parts)
        self._part_behind = language.beginning(table.parts)
        self._says = language.any_of(table.says)
        self._opener = language.ending([f"(?:{alternatives(table.openers)})(?: \\w+){{0,6}}?"])
        self._clauses = re.compile("|".join(table.clauses), re.IGNORECASE)
        self._timely = language.any_of(table.timely)
        self._stood_out = language.beginning(table.stood_out)
        self._headline = language.ending(table.headline)
        self._alone = language.ending([f"(?:{alternatives(table.alone)})(?: \\w+)?"])
        self._only = language.any_of(table.alone)
        self._cumulative = language.any_of(table.cumulative)
        self._perfect = language.any_of(table.perfect)
        self._negated = language.ending(table.negated)
        self._grown = language.ending(table.grown)
        self._difference = language.beginning(table.difference)
        self._people_join = re.compile(rf"\s*(?:{'|'.join(table.joins)})\s*", re.IGNORECASE)
        self._harmless = re.compile(rf"(?:{language.nameless(alternatives(table.harmless))})\Z", re.IGNORECASE)
        self._function = re.compile(rf"(?:{'|'.join(table.bare)})\Z", re.IGNORECASE)

    def segments(self, sheet: Sheet, sentence: Span) -> list[Segment]:
        """The segments of a sentence, in order."""
        figures = [number for number in sheet.of("number", sentence) if self._idle(sheet, number, sentence.end) is None]
        segments, start = [], sentence.start
        if figures:
            start = max(start, sheet.text.rfind(";", start, figures[0].start) + 1)
        for index, figure in enumerate(figures):
            last = index + 1 == len(figures)
            end = (
                self._last(sheet, figure, sentence.end)
                if last
                else self._cut(sheet, Span(start, figure.end), figure, figures[index + 1])
            )
            segments.append(Segment(Span(start, end), figure, Span(start, end)))
            start = end
        return segments

    def _last(self, sheet: Sheet, figure: TextMark, end: int) -> int:
        """The end of the last part of a sentence, before a clause on another subject."""
        for match in self._clauses.finditer(sheet.text, figure.end, end):
            between = Span(figure.end, match.start())
            ahead = sheet.of("event", Span(0, figure.start)) and self.part_ahead(sheet, figure)
            if sheet.free(*match.span()) and (ahead or sheet.of("event", between) or sheet.of("place", between)):
                return match.start()
        return end

    def part_ahead(self, sheet: Sheet, figure: TextMark) -> bool:
        """Whether a figure is a part of the figures before it: "including 1,500 minors"."""
        return bool(self._part_before.search(sheet.text[max(figure.start - 40, 0) : figure.start]))

    def part_placed(self, sheet: Sheet, figure: TextMark, until: int) -> bool:
        """Whether words behind a figure belong to a part of it: "978 returned, including from Lebanon - 429"."""
        of_them = self._part_behind.match(sheet.text, figure.end)  # "23,000 of them crossed": the figure is the part
        part = self._part.search(sheet.text, figure.end if of_them is None else of_them.end(), until)
        return part is not None and not sheet.of("number", Span(figure.end, until))

    def clause(self, sheet: Sheet, span: Span) -> bool:
        """Whether a clause on another subject begins in a span."""
        return bool(self._clauses.search(sheet.text, span.start, span.end))

    def idle(self, sheet: Sheet, sentence: Span) -> list[LeftOut]:
        """The figures of a sentence that count other things; they get no segment ("in 10 boats on Saturday")."""
        figures = [(number.span, self._idle(sheet, number, sentence.end)) for number in sheet.of("number", sentence)]
        return [LeftOut(span, why) for span, why in figures if why is not None]

    def _idle(self, sheet: Sheet, figure: TextMark, end: int) -> Why | None:
        if self._negated.search(sheet.text[max(figure.start - 20, 0) : figure.start]):
            return Why.DENIED
        before = sheet.text[max(figure.start - 40, 0) : figure.start]
        if self._difference.match(sheet.text, figure.end) or self._grown.search(before):
            return Why.NET
        noun = self.nouns.behind(sheet, figure, end)
        if noun is None and _YEAR.fullmatch(sheet.text[figure.start : figure.end]):
            return Why.THINGS
        if noun is not None and noun.unknown:
            return None if self._moves(sheet, figure, end) else Why.THINGS
        return None if noun is None else noun.why

    def _moves(self, sheet: Sheet, figure: TextMark, end: int) -> bool:
        """Whether an unknown word may be one for people: a word of movement follows before the next figure."""
        nxt = next((number.start for number in sheet.of("number") if number.start >= figure.end), end)
        return not self.nouns.beside(sheet, figure) and bool(sheet.of("event", Span(figure.end, nxt)))

    def _cut(self, sheet: Sheet, segment: Span, figure: TextMark, following: TextMark) -> int:
        """The end of the part of one figure, where the part of the next begins."""
        for pattern in self._cuts:
            cuts = [
                match
                for match in pattern.finditer(sheet.text, figure.end, following.start + _AHEAD)
                if match.end() <= following.start
                and not self._led(sheet, match, following)
                and (
                    sheet.free(match.start(), match.end())
                    or not any(mark.start < match.start() < mark.end for mark in sheet.marks)
                )
            ]
            if cuts:
                last = cuts[-1]
                between = Span(cuts[-2].end(), last.start()) if len(cuts) > 1 and last[0].strip() == "," else None
                if between is not None and self._fronted(sheet, segment, figure, between):
                    return between.start
                return last.start()
        for match in reversed(list(self._faint.finditer(sheet.text, figure.end, following.start))):
            if sheet.free(match.start(), following.start):
                return match.start()
        return following.start

    def _led(self, sheet: Sheet, match: re.Match[str], following: TextMark) -> bool:
        """Whether a dash only joins a place or time to its figure: "Otaci - 3,410, Palanca - 7,260"."""
        if match.end() != following.start or not _LEADS.fullmatch(match[0]):
            return False
        return any(mark.end == match.start() and mark.kind in ("place", "period", "citizens") for mark in sheet.marks)

    def _fronted(self, sheet: Sheet, segment: Span, figure: TextMark, between: Span) -> bool:
        """Whether a place or time between two figures belongs to the second: "At A 5 came, at B, 3"."""
        marks = [mark for mark in sheet.marks if mark.within(between)]
        kinds = {mark.kind for mark in marks}
        if not marks or not kinds <= {"place", "period"} or marks[0].start - between.start > _SHORT:
            return False
        first = Span(segment.start, figure.start)
        return all(sheet.of(kind, first) for kind in kinds)

    def earlier(self, sheet: Sheet, segment: Segment) -> bool:
        """Whether the figure is an earlier level for comparison."""
        figure = segment.figure
        digit = _DIGIT.search(sheet.text, figure.start, figure.end)  # "up from 2,000 to 3,000"
        starts = {figure.start, figure.start if digit is None else digit.start()}
        before = [sheet.text[max(start - 60, 0) : start] for start in starts]
        return any(map(self._earlier.search, before)) and not self.led(sheet, segment)

    def led(self, sheet: Sheet, segment: Segment) -> bool:
        """Whether a clause about an event begins at the first figure: "reopened after 2,500 people had crossed"."""
        first = segment.figure == next(iter(sheet.of("number")), None)
        return first and self.trails(sheet, segment)

    def trails(self, sheet: Sheet, segment: Segment) -> bool:
        """Whether the words before a figure can also begin a clause about an event ("after")."""
        return bool(self._trailing.search(sheet.text[max(segment.figure.start - 60, 0) : segment.figure.start]))

    def taken_up(self, sheet: Sheet, segment: Segment) -> bool:
        """Whether a figure is a total of which a part follows: "of these 66,000"."""
        return bool(self._taken_up.search(sheet.text[max(segment.figure.start - 40, 0) : segment.figure.start]))

    def part(self, sheet: Sheet, segment: Segment) -> bool:
        """Whether the figure is a part of the figures before it: "including 1,500 minors", "300 of them"."""
        figure = segment.figure
        beside = self.part_ahead(sheet, figure) or self._part_behind.match(sheet.text, figure.end) is not None
        ahead = Span(segment.span.start, figure.start)
        begins = self._part_begins.match(sheet.text, *ahead)
        if sheet.of("event", ahead) and segment.span.start > 0:
            begins = None  # only at the head of a sentence: "Of these, into Poland went 2.9 million"
        return sheet.text.endswith("(", 0, figure.start) or beside or begins is not None

    def listed(self, sheet: Sheet, segment: Segment, following: Segment) -> bool:
        """Whether two figures form a list: "9,000 Russians and 700 Belarusians"."""
        counted = [mark for mark in sheet.marks if segment.figure.end <= mark.start < following.figure.start]
        gap = counted[-1].end if counted else self.nouns.end(sheet, segment.figure, following.figure.start)
        return len(counted) <= 1 and bool(self._people_join.fullmatch(sheet.text[gap : following.figure.start]))

    def placed(self, sheet: Sheet, segment: Segment, following: Segment) -> bool:
        """Whether two figures belong to a list of places whose verb follows: "A 1,022, B 487, C 301: so many came"."""
        ahead = sheet.text[segment.span.start : segment.figure.start]
        between = [mark for mark in sheet.marks if segment.figure.end <= mark.start < following.figure.start]
        if (
            len(between) != 1
            or between[0].kind != "place"
            or sheet.text[between[0].end : following.figure.start].strip()
        ):
            return False
        gap = sheet.text[segment.figure.end : between[0].start]
        return len(ahead) <= _LISTED and bool(self._people_join.fullmatch(gap) or not gap.strip(" ;"))

    def untimed(self, sheet: Sheet, span: Span) -> bool:
        """Whether a span contains a word of time that no pattern has read."""
        return any(sheet.free(*match.span()) for match in self._timely.finditer(sheet.text, span.start, span.end))

    def opened(self, sheet: Sheet, period: TextMark) -> bool:
        """Whether a phrase of time is the end of a longer phrase: "since clashes broke out in April"."""
        match = self._opener.search(sheet.text[: period.start])
        return match is not None and sheet.free(match.start(), match.start() + 1)

    def stood_out(self, sheet: Sheet) -> bool:
        """Whether a sentence only describes a day: "Monday, 19 October, was the wettest day"."""
        first = next(iter(sheet.of("period")), None)
        return first is not None and first.start == 0 and bool(self._stood_out.match(sheet.text, first.end))

    def headed(self, sheet: Sheet) -> bool:
        """Whether a sentence only dates the figures that follow: "published its data for the third quarter"."""
        exact = not self.untimed(sheet, Span(0, len(sheet.text)))
        return exact and any(
            isinstance(mark.value, StatedPeriod)
            and mark.value.days > 1
            and self._headline.search(sheet.text, 0, mark.start)
            for mark in sheet.of("period")
        )

    def alone(self, sheet: Sheet, period: TextMark) -> bool:
        """Whether a period applies only to the figure next to it: "2,000 on Friday alone"."""
        before = sheet.text[max(0, period.start - 20) : period.start]
        return bool(self._alone.search(before) or self._only.search(sheet.text, period.start, period.end))

    def attributed(self, sheet: Sheet, span: Span) -> bool:
        """Whether a span of text names a speaker: "the ministry said"."""
        return bool(self._says.search(sheet.text, span.start, span.end))

    def cumulative(self, sheet: Sheet, span: Span) -> bool:
        """Whether the figures of a span are counts since an unstated start: "has already taken in"."""
        return bool(self._cumulative.search(sheet.text, span.start, span.end))

    def perfect(self, sheet: Sheet, span: Span) -> bool:
        """Whether an event of a span has happened until now: "40,000 have reached Britain"."""
        return bool(self._perfect.search(sheet.text, span.start, span.end))

    def unexplained(self, sheet: Sheet, segment: Segment, read: Span) -> list[Span]:
        """The words beside a claim that nothing explains: no entry reads them, and they are not harmless.

        `read`: from the first to the last word that the claim was read from. The rest of its clause counts too.
        """
        before = [match.end() for match in _STOP.finditer(sheet.text, 0, read.start)]
        stop = _STOP.search(sheet.text, read.end)
        clause = Span(before[-1] if before else 0, len(sheet.text) if stop is None else stop.start())
        return [
            word for word in self._free(sheet, segment, clause) if not self._harmless.match(sheet.text[slice(*word)])
        ]

    def item(self, sheet: Sheet, segment: Segment) -> bool:
        """Whether the part about a figure is only a place or time beside it: "and 1,120 on Sunday"."""
        marks = [mark.end for kind in ("place", "period", "citizens") for mark in sheet.of(kind, segment.span)]
        stop = _STOP.search(sheet.text, max([segment.figure.end, *marks]), segment.span.end)
        end = segment.span.end if stop is None else stop.start()
        return len(self._free(sheet, segment, Span(segment.span.start, end))) <= 1

    def _free(self, sheet: Sheet, segment: Segment, span: Span) -> list[Span]:
        """The words of a span that no entry reads, without the noun of the figure."""
        counted = self.nouns.end(sheet, segment.figure, segment.span.end)
        return [
            Span(*word.span())
            for word in _WORD.finditer(sheet.text, *span)
            if sheet.free(word.start(), word.start() + 1) and not segment.figure.end <= word.start() < counted
        ]

    def unknown(self, sheet: Sheet, segment: Segment) -> int:
        """The number of words of a segment that no table contains, except words about the speaker.

        What only says who speaks ("..., the border guard said") does not count.
        """
        count, start = 0, segment.span.start
        counted = self.nouns.end(sheet, segment.figure, segment.span.end)
        purpose = self.clauses.purpose(sheet, Span(segment.figure.end, segment.span.end))
        for match in _CLAUSE.finditer(sheet.text, segment.span.start, purpose):
            start, end = match.span()
            if start <= segment.figure.start < end or not self._says.search(sheet.text, start, end):
                count += sum(
                    sheet.free(word.start(), word.start() + 1)
                    and not segment.figure.end <= word.start() < counted
                    and not self._function.match(word[0])
                    for word in _WORD.finditer(sheet.text, start, end)
                )
        return count
