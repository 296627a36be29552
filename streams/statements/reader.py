"""Reading a statement: a text, when it was published and by whom, come to claims with the spans that say so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import UNSET

from streams.qualifiers import Qualifier
from streams.records import ClaimFields, Normal, Unit
from streams.statements.gazetteer import Gazetteer
from streams.statements.language import Language
from streams.statements.marks import Mark, Sheet, sentences
from streams.statements.movement import Clues, Event, Movement, resolve
from streams.statements.numbers import Quantity
from streams.statements.periods import Shift, Stretch, Times, Until
from streams.statements.records import Doubt, Found, LeftOut, Span, Statement, Voice, Why
from streams.statements.scanning import Change, Scanner
from streams.statements.segments import Cutter, Noun, Segment

UNKNOWN_WORDS = 1
"""A figure without a word of movement of its own is taken with the one before it only if so few words are unknown."""


class Speaker(NamedTuple):
    """Whose words they are: the time zone of the days, and the country or bloc that "the country" is, if any."""

    zone: ZoneInfo
    home: str | None = None


@dataclass
class _Draft:
    """A claim in the making, still with its marks."""

    segment: Segment
    quantity: Quantity
    noun: Noun
    movement: Movement
    period: Stretch | None
    per_day: bool
    spans: dict[str, Span]
    doubts: list[Doubt]
    weight: float
    change: Change | None = None
    normal: Quantity | None = None
    sentence: Span = field(default_factory=lambda: Span(0, 0))
    voice: Voice = Voice.OWN


class Reader:
    """Reads statements in the languages it has tables for. Deterministic: the same text comes to the same claims."""

    def __init__(self, languages: Sequence[Language], gazetteer: Gazetteer) -> None:
        self.tongues = {one.code: _Tongue(one, gazetteer) for one in languages}

    def read(self, text: str, published: datetime, speaker: Speaker) -> Statement:
        """What a text claims.

        `published`: with an offset from UTC; phrases of time are relative to it, on the wall clock of the speaker.
        Nothing is refused: a text in which no claim is found comes to none.
        """
        tongue = self._tongue(text)
        if tongue is None:
            return Statement(text, None, [], [])
        times = Times(tongue.language, published.astimezone(speaker.zone))
        return _Reading(tongue, text, times, speaker.home).statement()

    def _tongue(self, text: str) -> _Tongue | None:
        """The language whose usual words are the most frequent."""
        best = max(self.tongues.values(), key=lambda one: one.fit(text), default=None)
        return best if best is not None and best.fit(text) else None


class _Tongue:
    """A language with everything that is made of it once."""

    def __init__(self, language: Language, gazetteer: Gazetteer) -> None:
        self.language = language
        self.scanner = Scanner(language, gazetteer)
        self.cutter = Cutter(language)
        self.abbreviations = language.ending([f"(?:{one})" for one in language.table.abbreviations])
        self.present = language.any_of(language.table.present)
        self._letters = re.compile(language.table.letters)
        self._usual = language.any_of(language.table.usual)

    def fit(self, text: str) -> int:
        """How many usual words of the language a text has, and one more; 0 where most letters are of another script."""
        letters = sum(map(str.isalpha, text))
        return 0 if len(self._letters.findall(text)) * 2 < letters or not letters else 1 + len(self._usual.findall(text))


class _Reading:
    """One text being read."""

    def __init__(self, tongue: _Tongue, text: str, times: Times, home: str | None) -> None:
        self.tongue, self.times, self.home = tongue, times, home
        self.sheet = tongue.scanner.scan(text, times)
        self.left: list[LeftOut] = [
            LeftOut(mark.span, Why(mark.value)) for mark in self.sheet.of("mask")
        ]
        self.drafts: list[_Draft] = []

    def statement(self) -> Statement:
        """All sentences, in order; what is said in one holds for those after it."""
        for sentence in sentences(self.sheet.text, self.tongue.abbreviations):
            self._sentence(sentence)
        found = [self._found(draft) for draft in self.drafts]
        return Statement(self.sheet.text, self.tongue.language.code, found, sorted(self.left))

    def _sentence(self, sentence: Span) -> None:
        whole = self._whole(sentence)
        drafts: list[_Draft] = []
        normals: list[tuple[Mark, Quantity]] = []
        levels: list[Segment] = []
        for part in self.tongue.cutter.segments(self.sheet, sentence):
            segment = part._replace(context=Span(_context(levels, drafts, part), part.span.end))
            if self.sheet.of("normal", segment.span) and self._per_day(segment, drafts):
                normals.append((segment.figure, segment.figure.value))
                self.left.append(LeftOut(segment.figure.span, Why.NORMAL))
                levels.append(segment)
                continue
            why = whole or self._why_not(segment)
            if why is Why.EARLIER:
                levels.append(segment)
            draft = None if why else self._draft(segment, sentence, drafts)
            if isinstance(draft, _Draft):
                drafts.append(draft)
            else:
                self.left.append(LeftOut(segment.figure.span, why or draft or self._no_crossing(segment)))
        self._share_periods(sentence, drafts, levels)
        self._attach_normals(drafts, normals)
        voice = self._voice(sentence)
        for draft in drafts:
            draft.voice, draft.sentence = voice, sentence
        if drafts and self._said(sentence, "unconfirmed"):
            for draft in drafts:
                draft.doubts.append(Doubt.UNCONFIRMED)
        self.drafts += drafts

    def _whole(self, sentence: Span) -> Why | None:
        """Why nothing in a sentence is a claim: it is denied, a question, or only supposed."""
        if self.sheet.text[sentence.start : sentence.end].rstrip().endswith("?"):
            return Why.HYPOTHETICAL
        marks = self.sheet.of("sentence", sentence)
        return Why(marks[0].value) if marks else None

    def _why_not(self, segment: Segment) -> Why | None:
        if self.tongue.cutter.earlier(self.sheet, segment):
            return Why.EARLIER
        marks = self.sheet.of("segment", segment.span)
        events = self.sheet.of("event", segment.span)
        if not marks:
            return None
        figure = segment.figure
        behind = [mark for mark in events if mark.start >= figure.end]
        nearest = min(marks, key=lambda mark: abs(mark.start - figure.end))
        if any(mark.value == Why.HYPOTHETICAL for mark in marks):
            said = [mark for mark in marks if mark.value != Why.HYPOTHETICAL]
            return Why(said[0].value) if said and not events else Why.HYPOTHETICAL
        if behind and figure.end <= behind[0].start < nearest.start and _apart(self.sheet.text, behind[0], nearest):
            return None  # "entered the country, where queues ...": the figure is of those who entered
        return Why(nearest.value)

    def _per_day(self, segment: Segment, drafts: list[_Draft]) -> bool:
        return bool(self.sheet.of("rate", segment.span)) or not drafts or drafts[-1].per_day or _one_day(drafts[-1])

    # --- one claim ---------------------------------------------------------------------------------------------

    def _no_crossing(self, segment: Segment) -> Why:
        """Why a figure of people is no crossing: what else stands there, if a table knows it."""
        things = [mark for mark in self.sheet.of("thing", segment.span) if mark.start > segment.figure.start]
        return Why(things[0].value) if things else Why.NO_CROSSING

    def _draft(self, segment: Segment, sentence: Span, drafts: list[_Draft]) -> _Draft | Why | None:
        """The claim of a segment, or why it is none."""
        noun = self.tongue.cutter.noun(self.sheet, segment)
        if noun.why is not None:
            return noun.why
        before = (drafts or self.drafts or [None])[-1]
        event = self._event(segment)
        if event is None:
            if not drafts or self.tongue.cutter.unknown(self.sheet, segment) > UNKNOWN_WORDS:
                return None
        noun = self._population(noun, drafts)
        movement = self._movement(segment, event, noun, before)
        spans = {"people": segment.figure.span}
        if noun.mark is not None:
            spans["population"] = noun.mark.span
        if movement.spans:
            spans["flow"] = Span(min(one.start for one in movement.spans), max(one.end for one in movement.spans))
        doubts = list(movement.doubts)
        period, at, weight = self._period(segment, drafts, doubts)
        if at is not None:
            spans["period"] = at
        normal = bool(self.sheet.of("normal", segment.context))
        rates = self.sheet.of("rate", segment.span if normal else segment.context)
        per_day = bool(rates)
        if rates:
            spans["per"] = rates[0].span
        elif drafts and period is None and event is None:
            per_day = drafts[-1].per_day
        draft = _Draft(
            segment, segment.figure.value, noun, movement, period, per_day, spans, doubts, movement.weight * weight
        )
        changes = self.sheet.of("change", segment.span)
        if changes:
            draft.change = changes[0].value
            spans["change_percent"] = changes[0].span
        if self.sheet.of("so_far", segment.span):
            draft.quantity = _at_least(draft.quantity)
        draft.sentence = sentence
        return draft

    def _event(self, segment: Segment) -> Mark | None:
        """The word of movement of a figure: the first behind it, else the last before it."""
        events = self.sheet.of("event", segment.context)
        behind = [mark for mark in events if mark.start >= segment.figure.end]
        return behind[0] if behind else events[-1] if events else None

    def _population(self, noun: Noun, drafts: list[_Draft]) -> Noun:
        if noun.population is None and drafts:
            last = drafts[-1].noun
            return replace_noun(last)
        return noun if noun.population is not None else noun._replace(population="people")

    def _movement(self, segment: Segment, event: Mark | None, noun: Noun, before: _Draft | None) -> Movement:
        last = before.movement if before is not None else None
        kind = Event(event.value) if event is not None else (last.event if last else Event.CROSS)
        citizens = noun.citizens
        if citizens is None:
            named = self.sheet.of("citizens", segment.context)
            citizens = named[0].value if named else None
        places = self.sheet.of("place", segment.context)
        return resolve(Clues(kind, event, places, citizens, self.home, last))

    # --- time --------------------------------------------------------------------------------------------------

    def _period(
        self, segment: Segment, drafts: list[_Draft], doubts: list[Doubt]
    ) -> tuple[Stretch | None, Span | None, float]:
        """The period of a segment: its own, or one that is shared with the claim before it."""
        marks = self.sheet.of("period", segment.span)
        stretches = [mark for mark in marks if isinstance(mark.value, Stretch)]
        before = drafts[-1].period if drafts else None
        shift = next((mark for mark in marks if isinstance(mark.value, Shift)), None)
        if shift is not None and before is not None and not stretches:
            return before.shifted(shift.value.days), shift.span, 0.95
        if not stretches:
            return (before, None, 0.95) if before is not None else (None, None, 1.0)
        rank = max(mark.value.rank for mark in stretches)
        best = [mark for mark in stretches if mark.value.rank == rank]
        period: Stretch = best[0].value
        if any(mark.value.text != period.text for mark in best):
            doubts.append(Doubt.SEVERAL_PERIODS)
        until = next((mark for mark in marks if isinstance(mark.value, Until)), None)
        if until is not None and period.running and period.start < until.value.end <= period.end:
            period = Stretch(period.start, until.value.end, period.rank)
        if period.vague:
            doubts.append(Doubt.VAGUE_PERIOD)
        return period, best[0].span, 1.0

    def _share_periods(self, sentence: Span, drafts: list[_Draft], levels: list[Segment]) -> None:
        """Claims without a period take one that stands later in the sentence, or is said to hold on from before it."""
        usable = [
            mark
            for mark in self.sheet.of("period", sentence)
            if isinstance(mark.value, Stretch) and not any(mark.within(one.span) for one in levels)
        ]
        for draft in drafts:
            if draft.period is not None:
                continue
            if len({mark.value.text for mark in usable}) == 1:
                draft.period, draft.spans["period"] = usable[0].value, usable[0].span
                draft.weight *= 0.95
            elif draft.per_day and self.tongue.present.search(self.sheet.text, sentence.start, sentence.end):
                today = self.times.today
                draft.period = self.times.resolve("today", []) or Stretch(today, today)  # type: ignore[assignment]
                draft.weight *= 0.9
            else:
                earlier = self.drafts[-1].period if self.drafts else None
                draft.period = earlier
                draft.doubts.append(Doubt.NO_PERIOD)

    def _attach_normals(self, drafts: list[_Draft], normals: list[tuple[Mark, Quantity]]) -> None:
        for mark, quantity in normals:
            if not drafts or quantity.low <= 0:
                continue
            near = min(drafts, key=lambda one: abs(one.segment.figure.start - mark.start))
            near.normal = quantity
            near.spans["normal"] = mark.span

    # --- who says so -------------------------------------------------------------------------------------------

    def _said(self, sentence: Span, voice: str) -> bool:
        return any(mark.value == voice for mark in self.sheet.of("voice", sentence))

    def _voice(self, sentence: Span) -> Voice:
        if self._said(sentence, "unnamed"):
            return Voice.UNNAMED
        return Voice.MEDIA if self._said(sentence, "media") else Voice.OWN

    # --- out ---------------------------------------------------------------------------------------------------

    def _found(self, draft: _Draft) -> Found:
        quantity, period = draft.quantity, draft.period
        inside = [span for span in draft.spans.values() if _inside(span, draft.sentence)]
        quote = Span(min(span.start for span in inside), max(span.end for span in inside))
        claim = ClaimFields(
            flow=draft.movement.flow or UNSET,
            period=UNSET if period is None else period.text,
            people=quantity.people,  # type: ignore[arg-type]
            qualifier=quantity.qualifier or Qualifier.STATED,
            population=draft.noun.population or "people",
            text=self.sheet.text[quote.start : quote.end],
        )
        if draft.noun.unit == "vehicles":
            claim.unit = Unit.VEHICLES
        if draft.per_day:
            claim.per = "day"
        if draft.normal is not None:
            claim.normal = Normal(draft.normal.people)
        spans = dict(draft.spans)
        if draft.change is not None and period is not None and _just_before(draft.change, period):
            claim.change_percent = draft.change.percent
        else:
            spans.pop("change_percent", None)
        doubts = tuple(dict.fromkeys(draft.doubts))
        confidence = round(draft.weight * 0.6 ** len(doubts), 3)
        return Found(claim=claim, quote=quote, spans=spans, confidence=confidence, doubts=doubts, voice=draft.voice)


def replace_noun(noun: Noun) -> Noun:
    """The population of the claim before, not said again."""
    return noun._replace(mark=None)


def _context(levels: list[Segment], drafts: list[_Draft], part: Segment) -> int:
    """Where what is said of a figure begins: "has risen from 5,000 to 10,000" says of both where people went."""
    return levels[0].span.start if levels and not drafts else part.span.start


def _one_day(draft: _Draft) -> bool:
    return draft.period is not None and draft.period.days == 1


def _apart(text: str, one: Mark, other: Mark) -> bool:
    return "," in text[one.end : other.start]


def _inside(span: Span, outer: Span) -> bool:
    return outer.start <= span.start and span.end <= outer.end


def _at_least(quantity: Quantity) -> Quantity:
    if quantity.qualifier in (None, Qualifier.STATED):
        return quantity._replace(qualifier=Qualifier.AT_LEAST)
    return quantity


def _just_before(change: Change, period: Stretch) -> bool:
    """Whether a change is against the equally long period immediately before: all that a claim can carry."""
    match change.unit:
        case "numbered":
            week = period.start.isocalendar()
            return period.days == 7 and change.number == week.week - 1
        case "week":
            return period.days == 7
        case "day":
            return period.days == 1
        case "month":
            return period.start.day == 1 and period.end.day == 1 and 28 <= period.days <= 31
        case "same":
            return True
        case _:
            return False


def as_dicts(found: Iterable[Found]) -> list[dict[str, Any]]:
    """Claims as plain objects, for showing."""
    import msgspec  # noqa: PLC0415

    return [msgspec.to_builtins(one.claim) for one in found]


__all__ = ["Reader", "Speaker", "replace"]
