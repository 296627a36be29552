"""One text being read, sentence by sentence: which figures are claims, and what each field of them is."""

from __future__ import annotations

from itertools import pairwise

from streams.statements.drafts import Draft
from streams.statements.marks import Mark, Sheet, sentences
from streams.statements.movement import Clues, Event, Movement, resolve
from streams.statements.nouns import Noun
from streams.statements.numbers import Quantity
from streams.statements.periods import Shift, Stretch, Times, Until
from streams.statements.places import Role
from streams.statements.records import Doubt, Found, LeftOut, Span, Statement, Voice, Why
from streams.statements.segments import Segment
from streams.statements.tongue import Tongue

UNKNOWN_WORDS = 1
"""A figure without a word of movement of its own is taken with the one before it only if so few words are unknown."""

_SIDED = (Event.ENTRY, Event.EXIT, Event.OUT)
NEAR = 16
"""Characters between a crossing and the word that says which way it went."""

BESIDE = 5
"""Characters between two phrases of time that are one: " and ", " from "."""

SHARED = 0.95
"""What a period that is not said beside the figure takes off the confidence."""

PRESENT = 0.9
"""Likewise for a daily rate "now", which is taken to be that of the day of publication."""


class Reading:
    """A text, the marks of the sentence being read, and the claims so far: one sentence holds for those after it.

    Marks stand within their sentence; what is handed out stands in the text.
    """

    def __init__(self, tongue: Tongue, text: str, times: Times, home: str | None) -> None:
        self.tongue, self.text, self.times, self.home = tongue, text, times, home
        self.sheet = Sheet("")
        self.left: list[LeftOut] = []
        self.drafts: list[Draft] = []
        self.latest: list[Draft] = []  # those of the sentence before

    def statement(self) -> Statement:
        """All sentences, in order."""
        found: list[Found] = []
        left: list[LeftOut] = []
        for span in sentences(self.text, self.tongue.abbreviations):
            said = self.text[span.start : span.end]
            self.sheet = self.tongue.scanner.scan(said, self.times)
            self.left = [LeftOut(mark.span, Why(mark.value)) for mark in self.sheet.of("mask")]
            drafts = self._sentence(Span(0, len(said)))
            found += [draft.found(self.sheet.text, span.start) for draft in drafts]
            left += [LeftOut(one.span.moved(span.start), one.why) for one in self.left]
            self.drafts += drafts
            self.latest = drafts
        return Statement(self.text, self.tongue.language.code, found, sorted(left))

    def _sentence(self, sentence: Span) -> list[Draft]:
        idle = self.tongue.cutter.idle(self.sheet, sentence)
        self.left += [LeftOut(one.span, self._whole(sentence, one.span) or one.why) for one in idle]
        drafts: list[Draft] = []
        normals: list[Mark] = []
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
            if self.sheet.of("normal", segment.span) and self._is_rate(segment, drafts):
                normals.append(segment.figure)
                levels.append(segment)
                self.left.append(LeftOut(segment.figure.span, Why.NORMAL))
                continue
            why = self._whole(sentence, segment.figure.span) or self._why_not(segment)
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
        self._share_periods(sentence, drafts, [*levels, *parts])
        _attach_normals(drafts, normals)
        _doubt_parts(drafts)
        self._attribute(sentence, drafts)
        return drafts

    def _reach(self, segment: Segment, following: list[Segment]) -> int:
        """Where that ends which is said of a figure: behind a part in between, if only there is a word of movement.

        "6,000 Russians, 3,000 of them men, entered" says of both that they entered.
        """
        reach, last, cutter = segment.span.end, segment, self.tongue.cutter
        for part in following:
            if self.sheet.of("event", Span(segment.span.start, reach)):
                break
            if not cutter.part(self.sheet, part) and not cutter.listed(self.sheet, last, part):
                break
            if cutter.part(self.sheet, part) and self._at_once(part):
                break
            reach, last = part.span.end, part
        return reach if self.sheet.of("event", Span(segment.span.start, reach)) else segment.span.end

    def _at_once(self, part: Segment) -> bool:
        """Whether a part has a movement of its own: "24,000 were checked, 14,000 of them entering from Chad"."""
        event = next((mark for mark in self.sheet.of("event", part.span) if mark.start >= part.figure.end), None)
        return event is not None and "," not in self.sheet.text[part.figure.end : event.start]

    # --- what is no claim --------------------------------------------------------------------------------------

    def _whole(self, sentence: Span, figure: Span) -> Why | None:
        """Why nothing in a sentence, or all from before a figure, is a claim: denied, a question, or only supposed."""
        if self.sheet.text[sentence.start : sentence.end].rstrip().endswith("?"):
            return Why.HYPOTHETICAL
        ahead = self.tongue.cutter.ahead
        marks = [
            mark
            for mark in self.sheet.of("sentence", sentence)
            if mark.start < figure.start or not ahead(self.sheet, mark)
        ]
        return Why(marks[0].value) if marks else None

    def _why_not(self, segment: Segment) -> Why | None:
        """Why the words around a figure say that it is no crossing."""
        turned = any(mark.value == Event.OTHER_WAY for mark in self.sheet.of("event", segment.span))
        if self.tongue.cutter.earlier(self.sheet, segment) and not turned:
            return Why.EARLIER
        if segment.span.start > 0 and self._sooner(segment):
            return Why.EARLIER
        said_of_it = Span(segment.span.start, segment.context.end)
        # "entered the country, he said, denying that more would": what is denied is of something else
        ahead = [
            mark.start for mark in self.sheet.of("sentence", said_of_it) if self.tongue.cutter.ahead(self.sheet, mark)
        ]
        end = min((at for at in ahead if at > segment.figure.end), default=said_of_it.end)
        marks = self.sheet.of("segment", Span(said_of_it.start, end))
        if not marks:
            return None
        events = self.sheet.of("event", said_of_it)
        if any(mark.value == Why.HYPOTHETICAL for mark in marks):
            said = [mark for mark in marks if mark.value != Why.HYPOTHETICAL]
            return Why(said[0].value) if said and not events else Why.HYPOTHETICAL
        figure = segment.figure
        nearest = min(marks, key=lambda mark: abs(mark.start - figure.end))
        behind = next((mark for mark in events if mark.start >= figure.end and mark.value != Event.TAKES), None)
        if behind is not None and behind.end <= nearest.start and "," in self.sheet.text[behind.end : nearest.start]:
            return None  # "entered the country, where queues ...": the figure is of those who entered
        return Why(nearest.value)

    def _sooner(self, segment: Segment) -> bool:
        """Whether the only time of a figure is before that of the one before it: "the day before it was 9,642"."""
        times = [mark.value for mark in self.sheet.of("period", segment.span)]
        return bool(times) and all(isinstance(time, Shift) and time.days < 0 for time in times)

    def _is_rate(self, segment: Segment, drafts: list[Draft]) -> bool:
        return bool(self.sheet.of("rate", segment.span)) or not drafts or drafts[-1].daily

    def _no_crossing(self, segment: Segment) -> Why:
        """Why a figure of people is no crossing: what else stands there, if a table knows it."""
        things = [mark for mark in self.sheet.of("thing", segment.span) if mark.start > segment.figure.start]
        return Why(things[0].value) if things else Why.NO_CROSSING

    # --- one claim ---------------------------------------------------------------------------------------------

    def _draft(self, segment: Segment, drafts: list[Draft]) -> Draft | Why:
        """The claim of a segment, or why it is none."""
        noun = self.tongue.cutter.nouns.of(self.sheet, segment.figure, segment.span)
        if noun.why is not None:
            return noun.why
        event = self._event(segment)
        goes_on = bool(drafts) or (bool(self.latest) and self._goes_on(segment))
        if (
            event is None
            and not self._from_to(segment)
            and (not goes_on or self.tongue.cutter.unknown(self.sheet, segment) > UNKNOWN_WORDS)
        ):
            return self._no_crossing(segment)
        noun = _population(noun, drafts)
        # a sentence that says whom it counts stands for itself; a bare "142,300 arrived" goes on from the one before
        known = drafts or (self.drafts if noun.mark is None or event is None else [])
        movement = self._movement(segment, event, noun, known[-1] if known else None, bool(drafts))
        draft = Draft(segment, segment.figure.value, noun, movement, weight=movement.weight)
        draft.doubts += movement.doubts
        if noun.joined:
            draft.doubts.append(Doubt.SEVERAL_GROUPS)
        if noun.unknown:
            draft.doubts.append(Doubt.UNKNOWN_GROUP)
        if event is None and len({one.movement.flow for one in drafts}) > 1 and self.sheet.of("overall", segment.span):
            draft.doubts.append(Doubt.SEVERAL_PLACES)  # "742 Latvians and 1,210 Lithuanians, in all 310,000"
        draft.spans["people"] = segment.figure.span
        if noun.mark is not None:
            draft.spans["population"] = noun.mark.span
        if movement.spans:
            starts, ends = zip(*movement.spans, strict=True)
            draft.spans["flow"] = Span(min(starts), max(ends))
        self._time(draft, drafts)
        self._rate(draft, drafts, event)
        for mark in self.sheet.of("change", segment.span)[:1]:
            draft.change = mark.value
            draft.spans["change_percent"] = mark.span
        today = draft.period == self.times.day_of_publication
        if self.sheet.of("so_far", None if today else segment.span) or (today and self.sheet.of("so_far_today")):
            draft.so_far()
        return draft

    def _from_to(self, segment: Segment) -> bool:
        """Whether places alone say that people moved: "Storskog: 5,140 from Russia to Norway"."""
        roles = {mark.value.role for mark in self.sheet.of("place", segment.span)}
        return {Role.ORIGIN, Role.INTO} <= roles and (self._front() is not None or bool(self.sheet.of("people")))

    def _goes_on(self, segment: Segment) -> bool:
        """Whether a figure without a word of movement says that it is of those in the sentence before."""
        return bool(self.sheet.of("total", segment.span) or self.sheet.of("likewise", segment.span))

    def _event(self, segment: Segment) -> Mark | None:
        """The word of movement of a figure: the first behind it, else the last before it; "the other way" says most."""
        events = self.sheet.of("event", segment.context)
        turned = [mark for mark in events if mark.value == Event.OTHER_WAY and mark.within(segment.span)]
        if turned:
            return turned[0]
        behind = [mark for mark in events if mark.start >= segment.figure.end and mark.value != Event.TAKES]
        before = [mark for mark in reversed(events) if mark.start < segment.figure.end]
        first, *others = behind or before or [None]
        if first is not None and first.value == Event.CROSS:  # "crossed the border on entry"
            sided = [one for one in others if one.value in _SIDED and abs(one.start - first.end) <= NEAR]
            return sided[0] if sided else first
        return first

    def _movement(
        self, segment: Segment, event: Mark | None, noun: Noun, before: Draft | None, together: bool
    ) -> Movement:
        last = before.movement if before is not None else None
        kind = Event(event.value) if event is not None else last.event if last else Event.CROSS
        kind = Event.ENTRY if kind is Event.TAKES else kind
        named = self.sheet.of("citizens", segment.context)
        citizens = noun.citizens or (named[0].value if named else None)
        places = self.sheet.of("place", segment.context)
        front = None if self.sheet.of("overall", segment.span) else self._front()
        return resolve(Clues(kind, event, places, citizens, self.home, last, together, front))

    def _front(self) -> Mark | None:
        """The checkpoint that stands in front of all figures and words of movement: the whole sentence is about it."""
        ahead = [mark for mark in self.sheet.marks if mark.kind in ("number", "event")]
        points = [mark for mark in self.sheet.of("place") if mark.value.checkpoint is not None]
        return points[0] if points and ahead and points[0].end <= ahead[0].start else None

    # --- time --------------------------------------------------------------------------------------------------

    def _time(self, draft: Draft, drafts: list[Draft]) -> None:
        """The period of a claim: its own, or one that is shared with the claim before it."""
        marks = self.sheet.of("period", draft.segment.span)
        stretches = [mark for mark in marks if isinstance(mark.value, Stretch)]
        before = drafts[-1].period if drafts else None
        if not stretches and self.sheet.of("total", draft.segment.span):
            draft.doubts.append(Doubt.NO_PERIOD)  # a total since when?
            return
        if not stretches:
            shift = next((mark for mark in marks if isinstance(mark.value, Shift)), None)
            if before is None and shift is not None and self.latest:
                before = self.latest[-1].period
            if before is not None:
                draft.period = before.shifted(shift.value.days) if shift is not None else before
                draft.weight *= SHARED
                draft.doubts += [Doubt.VAGUE_PERIOD] if before.vague else []
            if shift is not None:
                draft.spans["period"] = shift.span
            return
        rank = max(mark.value.rank for mark in stretches)
        best = [mark for mark in stretches if mark.value.rank == rank]
        period: Stretch = best[0].value
        if any(mark.value.text != period.text for mark in best):
            draft.doubts.append(Doubt.SEVERAL_PERIODS)
        beside = [
            mark
            for mark in stretches
            if abs(mark.start - best[0].end) <= BESIDE or mark.end + BESIDE >= best[0].start >= mark.end
        ]
        if period.vague or any(mark.value.vague for mark in beside):  # "between 25 August and mid-December"
            draft.doubts.append(Doubt.VAGUE_PERIOD)
        until = next((mark.value.end for mark in marks if isinstance(mark.value, Until)), None)
        if until is not None and period.running and period.start < until <= period.end:
            period = Stretch(period.start, until, period.rank)
        elif until is not None and until != period.end:
            draft.doubts.append(Doubt.VAGUE_PERIOD)  # "reopened on Friday, and by Sunday 4,900 had passed"
        draft.period, draft.spans["period"] = period, best[0].span

    def _rate(self, draft: Draft, drafts: list[Draft], event: Mark | None) -> None:
        segment = draft.segment
        # a rate in front belongs to a usual level there, not to this figure: "normally 5,000 a day; yesterday 11,200"
        where = segment.span if self.sheet.of("normal", segment.context) else segment.context
        for mark in self.sheet.of("rate", where)[:1]:
            draft.per_day, draft.spans["per"] = True, mark.span
        if self.sheet.of("other_rate", segment.span):
            draft.doubts.append(Doubt.OTHER_RATE)
        if drafts and draft.period is None and event is None:
            draft.per_day = draft.per_day or drafts[-1].per_day

    def _share_periods(self, sentence: Span, drafts: list[Draft], levels: list[Segment]) -> None:
        """Claims without a period take the only one of the sentence; a rate "now" is of the day of publication.

        `levels`: segments whose periods are their own: earlier levels, and parts of those before.
        """
        usable = [
            mark
            for mark in self.sheet.of("period", sentence)
            if isinstance(mark.value, Stretch)
            and not mark.value.vague
            and not any(mark.within(one.span) for one in levels)
        ]
        cutter = self.tongue.cutter
        for draft in drafts:
            if "period" not in draft.spans and cutter.untimed(self.sheet, draft.segment.span):
                draft.doubts.append(Doubt.VAGUE_PERIOD)
        for draft in (one for one in drafts if one.period is None):
            others = [mark for mark in usable if not mark.within(draft.segment.span)]
            if cutter.cumulative(self.sheet, draft.segment.span) or any(
                cutter.alone(self.sheet, one) for one in others
            ):
                draft.doubts.append(Doubt.NO_PERIOD)
            elif len({mark.value.text for mark in usable}) == 1:
                draft.period, draft.spans["period"] = usable[0].value, usable[0].span
                draft.weight *= SHARED
            elif draft.per_day and self.tongue.present.search(self.sheet.text, sentence.start, sentence.end):
                draft.period = self.times.day_of_publication
                draft.weight *= PRESENT
            else:  # perhaps that of the sentence before: a guess for whoever reviews it
                draft.period = self.drafts[-1].period if self.drafts else None
                draft.doubts.append(Doubt.NO_PERIOD)

    # --- who says so -------------------------------------------------------------------------------------------

    def _attribute(self, sentence: Span, drafts: list[Draft]) -> None:
        """In whose name the sentence is said, and whether as a fact."""
        said = {mark.value for mark in self.sheet.of("voice", sentence)}
        voice = Voice.UNNAMED if "unnamed" in said else Voice.MEDIA if "media" in said else Voice.OWN
        for draft in drafts:
            draft.voice = voice
            if "unconfirmed" in said:
                draft.doubts.append(Doubt.UNCONFIRMED)
            if self.sheet.of("respectively", sentence):
                draft.doubts.append(Doubt.SEVERAL_PLACES)


def _population(noun: Noun, drafts: list[Draft]) -> Noun:
    """Where a figure says nothing of whom it counts, it counts the same as the one before it."""
    if noun.population is not None:
        return noun
    return drafts[-1].noun._replace(mark=None) if drafts else noun._replace(population="people")


def _doubt_parts(drafts: list[Draft]) -> None:
    """Of two figures of one sentence for the same people, the second is of a part that nothing names."""
    held: set[tuple[object, ...]] = set()
    for draft in drafts:
        period = draft.period.text if draft.period is not None else None
        same = (draft.movement.flow, period, draft.noun.population, draft.noun.unit)
        if same in held:
            draft.doubts.append(Doubt.SEVERAL_GROUPS)
        held.add(same)


def _attach_normals(drafts: list[Draft], normals: list[Mark]) -> None:
    """A usual level belongs to the nearest claim of its sentence."""
    for mark in normals:
        quantity: Quantity = mark.value
        if drafts and quantity.low > 0:
            near = min(drafts, key=lambda one: abs(one.segment.figure.start - mark.start))
            near.normal, near.spans["normal"] = quantity, mark.span
