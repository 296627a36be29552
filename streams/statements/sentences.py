"""Reading a text sentence by sentence: which figures are claims, and the value of each field."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from bordertally.streams.statements.discourse import Thread, further
from bordertally.streams.statements.drafts import Draft
from bordertally.streams.statements.exclusions import Reasons
from bordertally.streams.statements.lexicon.grammar import Tongue
from bordertally.streams.statements.lexicon.marks import Sheet, TextMark, sentences
from bordertally.streams.statements.lexicon.nouns import Noun
from bordertally.streams.statements.lexicon.places import PlaceRole
from bordertally.streams.statements.lexicon.segments import Segment
from bordertally.streams.statements.lexicon.time_phrases import Times
from bordertally.streams.statements.movement.clues import Movement
from bordertally.streams.statements.movements import Ways
from bordertally.streams.statements.pairs import (
    attach_normals,
    both_ways,
    doubt_parts,
    households,
    population,
)
from bordertally.streams.statements.records import Doubt, LeftOut, Span, Statement, Voice, Why
from bordertally.streams.statements.second_opinion import SecondOpinion
from bordertally.streams.statements.timing import Timing

_ENDS = (PlaceRole.ORIGIN, PlaceRole.INTO)
UNKNOWN_WORDS = 1
"""A figure without a word of movement of its own is taken with the one before it only if so few words are unknown."""

_LEVELS = {Why.EARLIER, Why.NORMAL, Why.NET, Why.SHARE}
"""Figures that only describe those before them."""

SMALL = 12
"""Numbers up to this are mostly written in words."""


class TextReading:
    """A text, the marks of the current sentence, and the claims so far, which later sentences can refer to.

    Marks stand within their sentence; what is handed out stands in the text.
    """

    def __init__(self, tongue: Tongue, text: str, times: Times, home: str | None) -> None:
        self.tongue, self.text, self.times, self.home = tongue, text, times, home
        self.left: list[LeftOut] = []
        self.speaker = ""
        self.thread = Thread(tongue.cutter)
        self.heading = tongue.scanner.places.heading(text)
        self._turn_to(Sheet(""))

    def _turn_to(self, sheet: Sheet) -> None:
        """Make a sentence with its marks the current one."""
        self.sheet = sheet
        self.reasons = Reasons(sheet, self.tongue.cutter, first=not self.thread.drafts)
        self.timing = Timing(sheet, self.tongue, self.times, self.thread)
        self.ways = Ways(sheet, self.tongue, self.thread, self.home, self.heading)
        self.opinion = SecondOpinion(sheet, self.tongue, self.thread, self.home, self.ways.scene())
        self.whole: Draft | None = None

    def statement(self) -> Statement:
        """The statement of the whole text, with claims in order."""
        read: list[tuple[Draft, str, int]] = []
        left: list[LeftOut] = []
        for span in sentences(self.text, self.tongue.abbreviations, self.tongue.closing):
            words = self.text[span.start : span.end]
            self._turn_to(self.tongue.scanner.scan(words, self.times))
            self.left = [LeftOut(mark.span, Why(mark.value)) for mark in self.sheet.of("mask")]
            drafts = self._sentence(Span(0, len(words)))
            for whole in both_ways([*self.thread.latest, *drafts]):
                if not any(whole is draft for draft in drafts):  # "16,208 crossed. Of these 10,317 entered, 5,891 left"
                    whole.doubts.append(Doubt.NO_DIRECTION)
            read += [(draft, words, span.start) for draft in drafts]
            left += [LeftOut(figure.span.moved(span.start), figure.why) for figure in self.left]
            only_levels = bool(self.left) and {figure.why for figure in self.left} <= {*_LEVELS, Why.REFUSED}
            self.thread.add(self.sheet, drafts, self.home, aside=only_levels)
            self.thread.stated_on = self.timing.day_of_statement() if drafts else self.thread.stated_on
        claims = [draft.to_claim(words, at) for draft, words, at in read if not draft.unclear]
        left += [LeftOut(draft.segment.figure.span.moved(at), Why.UNCLEAR) for draft, _, at in read if draft.unclear]
        return Statement(self.text, self.tongue.language.code, claims, sorted(left))

    def _sentence(self, sentence: Span) -> list[Draft]:
        idle = self.tongue.cutter.idle(self.sheet, sentence)
        self.left += [
            LeftOut(figure.span, self.reasons.whole(sentence, self._mark_at(figure.span)) or figure.why)
            for figure in idle
        ]
        drafts: list[Draft] = []
        normals: list[TextMark] = []
        levels: list[Segment] = []
        parts = self.tongue.cutter.segments(self.sheet, sentence)
        shared = Span(sentence.start, sentence.start)  # a part of which all within it is said
        for index, part in enumerate(parts):
            # "has risen from 5,000 to 10,000" says of both figures where people went
            begins = levels[0].span.start if levels and not drafts else part.span.start
            begins = shared.start if part.span.end <= shared.end else begins
            segment = part._replace(context=Span(begins, self._reach(part, parts[index + 1 :])))
            if segment.context.end > max(part.span.end, shared.end):
                shared = segment.context
            if self.sheet.of("normal", segment.span):
                normals.append(segment.figure)
                levels.append(segment)
                self.left.append(LeftOut(segment.figure.span, Why.NORMAL))
                continue
            why = self.reasons.whole(sentence, segment.figure) or self.reasons.why_not(segment)
            why = why or (Why.NORMAL if self.reasons.usual(segment) else None)
            why = why or (self.reasons.bracketed(segment) if not drafts else None)
            drafted = why or self._draft(segment, drafts)
            if isinstance(drafted, Draft):
                drafts.append(drafted)
                continue
            if drafted is Why.EARLIER:
                levels.append(segment)
            self.left.append(LeftOut(segment.figure.span, drafted))
        cutter = self.tongue.cutter
        parts = [
            part
            for before, part in pairwise(parts)
            if cutter.part(self.sheet, part) and self.sheet.of("event", before.span)
        ]
        self.timing.share(sentence, drafts, [*levels, *parts])
        self.opinion.doubt_times(drafts)
        attach_normals(drafts, normals)
        for draft, why in [
            *((draft, Why.BOTH) for draft in both_ways(drafts)),
            *((draft, Why.THINGS) for draft in households(drafts)),
        ]:
            drafts.remove(draft)
            self.left.append(LeftOut(draft.segment.figure.span, why))
        doubt_parts(drafts)
        for draft in [draft for draft in drafts if self._idle(draft)]:
            drafts.remove(draft)
            self.left.append(LeftOut(draft.segment.figure.span, Why.NO_CROSSING))
        self.opinion.doubt_groups(drafts, any(figure.why not in _LEVELS for figure in self.left))
        self._attribute(sentence, drafts)
        return drafts

    def _idle(self, draft: Draft) -> bool:
        """Whether a doubtful figure is useless to a reviewer: no end at all, an end and no period, or a few people."""
        movement = draft.movement
        placed = movement.into is not None or movement.point is not None or bool(movement.pair)
        placed = (
            placed
            or self.home is not None
            or any(mark.value.home for mark in self.sheet.of("place", draft.segment.span))
        )
        nowhere = movement.flow is None and (not placed or Doubt.NO_PERIOD in draft.doubts)
        return bool(draft.doubts) and (nowhere or 0 < draft.quantity.low <= SMALL)

    def _mark_at(self, span: Span) -> TextMark:
        return next(number for number in self.sheet.of("number") if number.span == span)

    def _reach(self, segment: Segment, following: list[Segment]) -> int:
        """The end of the text about a figure: beyond a part in between, if a word of movement follows.

        "6,000 Russians, 3,000 of them men, entered" says of both that they entered.
        """
        reach, last, cutter = segment.span.end, segment, self.tongue.cutter
        if cutter.part(self.sheet, segment) and self.sheet.of("event", Span(0, segment.span.start)):
            return reach  # "3,904 came in, 1,312 of them at Palanca, and 1,158 entered from Romania"
        for part in following:
            if self.sheet.of("event", Span(segment.span.start, reach)):
                break
            if not (
                cutter.part(self.sheet, part)
                or cutter.listed(self.sheet, last, part)
                or cutter.placed(self.sheet, last, part)
            ):
                break
            if cutter.part(self.sheet, part) and self._at_once(part):
                break
            reach, last = part.span.end, part
        return reach if self.sheet.of("event", Span(segment.span.start, reach)) else segment.span.end

    def _at_once(self, part: Segment) -> bool:
        """Whether a part has a movement of its own: "24,000 were checked, 14,000 of them entering from Chad"."""
        event = next((mark for mark in self.sheet.of("event", part.span) if mark.start >= part.figure.end), None)
        return event is not None and not {",", ")"} & set(self.sheet.text[part.figure.end : event.start])

    # --- one claim ---------------------------------------------------------------------------------------------

    def _draft(self, segment: Segment, drafts: list[Draft]) -> Draft | Why:
        """The claim of a segment, or why it is none."""
        noun = self.tongue.cutter.nouns.of(self.sheet, segment.figure, segment.span)
        event = self.ways.event(segment)
        why = noun.why or self._told_before(segment, event, drafts)
        if why is not None:
            return why
        drafts = self._spoken(drafts, segment)
        base = None if drafts else self.whole or self.thread.base(self.sheet, segment, event, noun)
        goes_on = (bool(drafts) or base is not None) and self.tongue.cutter.unknown(
            self.sheet, segment
        ) <= UNKNOWN_WORDS
        other = self._speaks_too(segment, drafts) if event is None else None
        if event is None and other is None and not goes_on and not self.ways.from_to(segment):
            return self.reasons.no_crossing(segment)
        part = base is self.whole or self.tongue.cutter.part(self.sheet, segment) or further(self.sheet, segment)
        noun = population(noun, drafts or ([base] if base is not None and (event is None or part) else []))
        movement = self.ways.movement(segment, event, noun, base, drafts)
        if other is not None:
            movement = drafts[-1].movement._replace(into=other, slug="", point=None)
        if not drafts and base is None:
            noun = self._counted_before(noun, movement)
        draft = Draft(segment, segment.figure.value, noun, movement, weight=movement.weight)
        draft.doubts += [*movement.doubts, *self._doubts(draft, event, drafts)]
        self._quote(draft)
        self.timing.period(draft, drafts, base)
        self.timing.rate(draft, drafts, event, base)
        draft.doubts += self.opinion.doubts(draft, event, drafts, self._whole(segment, drafts, base))
        self._so_far(draft)
        return draft

    def _whole(self, segment: Segment, drafts: list[Draft], base: Draft | None) -> Draft | None:
        """The claim that a figure is a part of ("300 of them"), if it is one."""
        before = drafts[-1] if drafts else base
        return before if self.tongue.cutter.part(self.sheet, segment) else None

    def _speaks_too(self, segment: Segment, drafts: list[Draft]) -> str | None:
        """A second speaker that reports for itself: "98,000 entered, and Georgia counted 53,000"."""
        speakers = [mark for mark in self.sheet.of("place") if mark.value.role is PlaceRole.SPEAKER]
        own = [mark.value.code for mark in speakers if mark.within(segment.span) and mark.end <= segment.figure.start]
        if not drafts or not own or own[-1] is None:
            return None
        ends = (drafts[-1].movement.origin, drafts[-1].movement.into)
        said_of_itself = ends[1] in {
            mark.value.code for mark in speakers if mark.end <= drafts[-1].segment.figure.start
        }
        return own[-1] if said_of_itself and own[-1] not in ends else None

    def _told_before(self, segment: Segment, event: TextMark | None, drafts: list[Draft]) -> Why | None:
        """Whether a figure repeats an earlier one: another version of it, or the whole of which a part follows."""
        if event is None and self._another_version(segment, drafts):
            return Why.EARLIER
        whole = self._said_before(segment) if self._taken_up(segment) else None
        self.whole = whole or self.whole
        return None if whole is None else Why.EARLIER

    def _doubts(self, draft: Draft, event: TextMark | None, drafts: list[Draft]) -> Iterator[Doubt]:
        """The doubts about the population of a figure."""
        segment = draft.segment
        if self.tongue.scanner.numbers.vague(self.sheet.text[segment.figure.start : segment.figure.end]):
            yield Doubt.VAGUE_PEOPLE
        if draft.quantity.odd:
            yield Doubt.ODD_FIGURE
        if draft.noun.joined or self._taken_up(segment):  # what follows of place and time may be of a part of it
            yield Doubt.SEVERAL_GROUPS
        if draft.noun.unknown or (draft.noun.bare and not drafts and self._in_a_word(segment.figure)):
            yield Doubt.UNKNOWN_GROUP
        if not draft.movement.slug and self._elsewhere(segment) and (event is not None or not drafts):
            yield Doubt.PART_OF_COUNTRY
        if not drafts and draft.noun.mark is None and self._beside_things(segment):
            yield Doubt.UNKNOWN_GROUP

    def _elsewhere(self, segment: Segment) -> bool:
        """Whether a figure may belong to a place that only sets the scene or is the seat of a speaker.

        Not where its own clause says from where to where.
        """
        roles = {mark.value.role for mark in self.sheet.of("place", segment.context) if mark.value.code}
        roles &= set(_ENDS)
        if self.sheet.of("seat"):
            return True
        ahead = any(mark.start < segment.figure.start for mark in self.sheet.of("scene"))
        return bool(self.sheet.of("scene")) and len(roles) < (len(_ENDS) if ahead else 1)

    def _beside_things(self, segment: Segment) -> bool:
        """Whether the figure before counts something else: "32,849 car trips into Canada, 37,127 into the US"."""
        figures = {mark.span for mark in self.sheet.of("number") if mark.end <= segment.figure.start}
        before = [figure for figure in self.left if figure.span in figures]
        return bool(before) and max(before).why is Why.THINGS

    def _in_a_word(self, figure: TextMark) -> bool:
        """Whether a figure is a small number in words, which without a noun may count anything: "eight have opened"."""
        return 0 < figure.value.low <= SMALL and self.sheet.text[figure.start : figure.end].isalpha()

    def _so_far(self, draft: Draft) -> None:
        """Make the figures of a day that is not over lower bounds."""
        today = draft.period is not None and draft.period.text == self.times.day_of_publication.text
        if draft.period is not None and draft.period.partial:
            draft.so_far()
        if draft.per_day:
            return
        if self.sheet.of("so_far", None if today else draft.segment.span) or (today and self.sheet.of("so_far_today")):
            draft.so_far()

    def _spoken(self, drafts: list[Draft], segment: Segment) -> list[Draft]:
        """The claims that a figure continues: after a list in brackets, the claims before the list."""
        between = [self.sheet.text[draft.segment.figure.end : segment.figure.start] for draft in drafts]
        still = [draft for draft, text in zip(drafts, between, strict=True) if text.count(")") <= text.count("(")]
        return still or drafts

    def _quote(self, draft: Draft) -> None:
        """Record the spans of figure, noun, flow and change."""
        segment, movement = draft.segment, draft.movement
        draft.spans["people"] = segment.figure.span
        if draft.noun.mark is not None:
            draft.spans["population"] = draft.noun.mark.span
        if movement.spans:
            starts, ends = zip(*movement.spans, strict=True)
            draft.spans["flow"] = Span(min(starts), max(ends))
        for mark in self.sheet.of("change", segment.span)[:1]:
            draft.change = mark.value
            draft.spans["change_percent"] = mark.span

    def _taken_up(self, segment: Segment) -> bool:
        """Whether a figure is only repeated before its part: "of these 66,000, nearly 30,000 came by land"."""
        return self.tongue.cutter.taken_up(self.sheet, segment) and not self.sheet.of("event", segment.span)

    def _said_before(self, segment: Segment) -> Draft | None:
        """The earlier claim with the same figure."""
        return next((draft for draft in self.thread.drafts if draft.quantity.low == segment.figure.value.low), None)

    def _counted_before(self, noun: Noun, movement: Movement) -> Noun:
        """The noun of a bare figure at one of the checkpoints named before: "At Siret 10,408 came in"."""
        first = next(iter(self.thread.latest), None)
        if first is None or not noun.bare or not movement.slug or first.movement.slug:
            return noun
        alike = (first.movement.origin, first.movement.into) == (movement.origin, movement.into)
        return population(noun._replace(population=None), [first]) if alike else noun

    def _another_version(self, segment: Segment, drafts: list[Draft]) -> bool:
        """Whether another speaker gives another figure for the same: "at 610, while the police spoke of 840"."""
        spoken = (drafts or self.thread.latest)[-1:] if self.sheet.of("version", segment.span) else []
        named = {mark.value.code for mark in self.sheet.of("place", segment.span)} - {None}
        spoken = [draft for draft in spoken if not named or named & {draft.movement.origin, draft.movement.into}]
        for draft in spoken:
            draft.doubts.append(Doubt.CONTRADICTION)
        return bool(spoken)

    # --- who says so -------------------------------------------------------------------------------------------

    def _attribute(self, sentence: Span, drafts: list[Draft]) -> None:
        """Set the voice of the claims of a sentence, and doubt them if they are not stated as facts."""
        voices = {mark.value for mark in self.sheet.of("voice", sentence)}
        voice = Voice.UNNAMED if "unnamed" in voices else Voice.MEDIA if "media" in voices else Voice.OWN
        in_turn = self.sheet.of("respectively", sentence)
        speakers = self.tongue.scanner.speakers(self.sheet)
        for draft in drafts:
            draft.voice = voice
            draft.speaker = self._speaker(speakers, draft.segment.figure, sentence)
            if voices & {"unconfirmed", "unproven"}:
                draft.doubts.append(Doubt.UNCONFIRMED)
            if any(";" not in self.sheet.text[draft.segment.figure.end : word.start] for word in in_turn):
                draft.doubts.append(Doubt.SEVERAL_PLACES)
        self.speaker = speakers[-1][1] if speakers else self.speaker

    def _speaker(self, speakers: list[tuple[int, str]], figure: TextMark, sentence: Span) -> str:
        """Who says a figure: the last named before it, else the first behind it, else who spoke before ("it said")."""
        ahead = [name for at, name in speakers if at < figure.start] or [name for _, name in speakers[:1]]
        bodies = [name for name in ahead if name in self.tongue.language.table.speakers]
        named = bodies[-1:] or ahead[-1:]  # "Frontex, the European Union's border agency, said"
        return named[0] if named else self.speaker if self._again(sentence) else ""

    def _again(self, sentence: Span) -> bool:
        """Whether whoever spoke before speaks again: "it said"."""
        return bool(self.tongue.again.search(self.sheet.text, sentence.start, sentence.end))
