"""Timing: the period of a claim, from its own words, its sentence or the sentence before; and its rate."""

from __future__ import annotations

from bordertally.streams.statements.discourse import Thread
from bordertally.streams.statements.drafts import Draft
from bordertally.streams.statements.lexicon.grammar import Tongue
from bordertally.streams.statements.lexicon.marks import Sheet, TextMark
from bordertally.streams.statements.lexicon.segments import Segment
from bordertally.streams.statements.lexicon.time_phrases import DayShift, StatedPeriod, Times, Until
from bordertally.streams.statements.records import Doubt, Span

BESIDE = 5
"""Characters between two phrases of time that are one: " and ", " from "."""

SHARED = 0.95
"""What a period that is not said beside the figure takes off the confidence."""

PRESENT = 0.9
"""Likewise for a daily rate "now", which is taken to be that of the day of publication."""


SINCE = 4
"""The rank of a period that counts from a day on."""

_HEADING = ":"
"""Behind the day that a bulletin is of."""

_OF_TIME = (Doubt.VAGUE_PERIOD, Doubt.SEVERAL_PERIODS, Doubt.NO_PERIOD)
"""Doubts that a claim shares with the one that its period is taken from."""


def _other_way(draft: Draft, drafts: list[Draft]) -> StatedPeriod | None:
    """The period of a claim of the same sentence for the opposite direction of the same border."""
    ends = (draft.movement.into, draft.movement.origin)
    return next((draft.period for draft in drafts if (draft.movement.origin, draft.movement.into) == ends), None)


class Timing:
    """Finds the periods of the claims of one sentence."""

    def __init__(self, sheet: Sheet, tongue: Tongue, times: Times, thread: Thread) -> None:
        self.sheet, self.tongue, self.times, self.thread = sheet, tongue, times, thread

    def period(self, draft: Draft, drafts: list[Draft], base: Draft | None) -> None:
        """Set the period of a claim: its own, or the period of the claim before."""
        marks = self.sheet.of("period", draft.segment.span)
        stretches = [mark for mark in marks if isinstance(mark.value, StatedPeriod)]
        if len(stretches) > 1 and self.sheet.text[stretches[0].end :].startswith(_HEADING):
            stretches = stretches[1:]  # "Slovakia, Saturday: on Friday 12,216 came in"
        before = drafts[-1].period if drafts else None
        until = next((mark for mark in marks if isinstance(mark.value, Until)), None)
        if not stretches:
            shift = next((mark for mark in marks if isinstance(mark.value, DayShift)), None)
            on = base or (self.thread.latest[0] if shift is not None and self.thread.latest else None)
            if before is None and on is not None:
                before = on.period
            source = drafts[-1] if drafts and drafts[-1].period is not None else on
            if before is not None:
                draft.period = before.shifted(shift.value.days) if shift is not None else before
                draft.weight *= SHARED
                draft.doubts += [] if source is None else [doubt for doubt in source.doubts if doubt in _OF_TIME]
            if until is not None and before is not None and until.value.end > before.end:
                draft.doubts.append(Doubt.VAGUE_PERIOD)  # "on Sunday 5,200 came, of whom 3,900 had left by Monday"
            return
        self._own(draft, marks, stretches)

    def _own(self, draft: Draft, marks: list[TextMark], stretches: list[TextMark]) -> None:
        """Set the period stated beside a figure; of several, the one of the highest rank."""
        if any(mark.value.impossible for mark in stretches):
            draft.doubts.append(Doubt.IMPOSSIBLE_DATE)
            draft.spans["period"] = next(mark.span for mark in stretches if mark.value.impossible)
            return
        rank = max(mark.value.rank for mark in stretches)
        best = self._narrowest([mark for mark in stretches if mark.value.rank == rank], draft)
        period: StatedPeriod = best[0].value
        if any(mark.value.text != period.text for mark in best):
            draft.doubts.append(Doubt.SEVERAL_PERIODS)
        beside = [
            mark
            for mark in stretches
            if abs(mark.start - best[0].end) <= BESIDE or mark.end + BESIDE >= best[0].start >= mark.end
        ]
        beside += [mark for mark in stretches if self._beside_movement(mark, draft)]  # "that recently crossed"
        if period.vague or any(mark.value.vague for mark in beside):  # "between 25 August and mid-December"
            draft.doubts.append(Doubt.VAGUE_PERIOD)
        until = next((mark.value.end for mark in marks if isinstance(mark.value, Until)), None)
        if until is not None and period.running and period.start < until <= period.end:
            period = StatedPeriod(period.start, until, period.rank)
        elif until is not None and until != period.end:
            draft.doubts.append(Doubt.VAGUE_PERIOD)  # "reopened on Friday, and by Sunday 4,900 had passed"
        stated = self.day_of_statement() if period.running and period.rank == SINCE else None
        if stated is not None and period.start < stated.end < period.end:
            period = StatedPeriod(period.start, stated.end, period.rank)  # "since 21 September", said on Tuesday
        if self._of_speech(best[0], draft):
            draft.doubts.append(Doubt.VAGUE_PERIOD)  # "On 10 December the minister said that 8,400 had entered"
        if period.rank == 1 and self.sheet.of("same_time", draft.segment.span):
            draft.doubts.append(Doubt.VAGUE_PERIOD)  # "in 2017 there were 51,000 for the same month"
        if self._foreign(best[0], draft) or self.tongue.cutter.opened(self.sheet, best[0]):
            draft.doubts.append(Doubt.VAGUE_PERIOD)  # "since the war began", of another war
        draft.period, draft.spans["period"] = period, best[0].span
        self._ended(draft)

    @staticmethod
    def _narrowest(best: list[TextMark], draft: Draft) -> list[TextMark]:
        """Of a period before a figure and one behind it within the first, the latter: "over the weekend ... Sunday"."""
        first, last = best[0], best[-1]
        inside = (
            first.value.start <= last.value.start and last.value.end <= first.value.end and first.value != last.value
        )
        around = first.end <= draft.segment.figure.start and draft.segment.figure.end <= last.start
        return [last] if len(best) == 2 and inside and around else best

    def _of_speech(self, time: TextMark, draft: Draft) -> bool:
        """Whether a day in front of a figure is that of a speech: a comma follows, and words of a speaker."""
        span = Span(time.end, draft.segment.figure.start)
        one_day = isinstance(time.value, StatedPeriod) and time.value.days == 1
        fronted = self.sheet.text[span.start : span.end].lstrip().startswith(",")
        return one_day and fronted and self.tongue.cutter.attributed(self.sheet, span)

    @staticmethod
    def _beside_movement(time: TextMark, draft: Draft) -> bool:
        """Whether a phrase of time stands directly beside the word of movement of a figure."""
        return any(0 <= at.start - time.end <= 1 or 0 <= time.start - at.end <= 1 for at in draft.movement.spans[:1])

    def _ended(self, draft: Draft) -> None:
        """End a running period at the end that the sentence states first."""
        until = next((mark.value.end for mark in self.sheet.of("period")[:1] if isinstance(mark.value, Until)), None)
        period = draft.period
        if until is not None and period is not None and period.running and period.start < until <= period.end:
            draft.period = StatedPeriod(period.start, until, period.rank)

    def day_of_statement(self) -> StatedPeriod | None:
        """The day on which a sentence says that its figures were given: "the ministry said on Tuesday"."""
        for mark in self.sheet.of("aside"):
            period = self.tongue.scanner.period(self.sheet.text[mark.start : mark.end], self.times)
            if period is not None and period.days == 1 and self.tongue.cutter.attributed(self.sheet, mark.span):
                return period
        return None

    def _now(self, span: Span) -> bool:
        """Whether a span describes something that continues at present."""
        return bool(self.tongue.present.search(self.sheet.text, span.start, span.end))

    def _sibling(self, draft: Draft) -> StatedPeriod | None:
        """The period of the sentence before, if its claims are on the same border or country at one time.

        So is one beside figures that were counted both ways.
        """
        if self.sheet.of("period"):
            return None
        if (
            self.thread.both is not None
            or self.thread.only_dates
            or (self.sheet.of("same_time") and not self.thread.latest)
        ):
            return self.thread.spoken
        first = next(iter(self.thread.latest), None)
        return None if first is None or first.period is None or first.period.vague else self._of_sibling(draft, first)

    def _of_sibling(self, draft: Draft, first: Draft) -> StatedPeriod | None:
        """The period of the first claim of the sentence before that is on the same border or country."""
        if first.period is None:
            return None
        if self.tongue.cutter.perfect(self.sheet, draft.segment.context) and not first.period.running:
            return None
        ends = {draft.movement.origin, draft.movement.into} - {None}
        if first.movement.flow is None and first.movement.pair == ends:
            return first.period  # "8,000 crossed the border: 5,140 entered Russia from Ukraine"
        if {first.movement.origin, first.movement.into} == {draft.movement.origin, draft.movement.into}:
            turned = first.movement.origin != draft.movement.origin
            return None if turned and first.period.running else first.period
        at_once = len({draft.period.text if draft.period is not None else "" for draft in self.thread.latest}) == 1
        now = draft.movement
        # of the same country: those who came as well, or those who went, wherever to
        alike = now.into is not None and now.into == first.movement.into
        alike = alike or (now.into is None and now.origin == first.movement.into and not first.period.running)
        return first.period if at_once and alike else None

    def _foreign(self, period: TextMark, draft: Draft) -> bool:
        """Whether a period begins with an event that does not concern the countries of the claim."""
        begun = self.tongue.begun(self.sheet.text[period.start : period.end])
        ends = {draft.movement.origin, draft.movement.into, draft.noun.citizens}
        return begun is not None and not ends & set(self.tongue.language.table.concerns.get(begun, []))

    def rate(self, draft: Draft, drafts: list[Draft], event: TextMark | None, base: Draft | None = None) -> None:
        """Whether a figure is a daily rate, or a weekly or hourly rate, which no claim can state."""
        segment = draft.segment
        # a rate in front belongs to a usual level there, not to this figure: "normally 5,000 a day; yesterday 11,200"
        where = segment.span if self.sheet.of("normal", segment.context) else segment.context
        for mark in self.sheet.of("rate", where)[:1]:
            draft.per_day, draft.spans["per"] = True, mark.span
        if self.sheet.of("other_rate", segment.span):
            draft.doubts.append(Doubt.OTHER_RATE)
        if drafts and draft.period is None and event is None:
            draft.per_day = draft.per_day or drafts[-1].per_day
        last = base if base is not None else drafts[-1] if drafts else None
        counted = self.sheet.of("total", segment.span) or (draft.period is not None and draft.period.running)
        if last is not None and event is None and last.per_day and not counted:
            draft.per_day = True  # "800 a day cross; last year it was about 50"
        if base is not None and draft.per_day and "period" not in draft.spans and self._now(segment.span):
            # "from 17 to 26 September ...; 10,000 of them now come a day"
            draft.period = self.thread.stated_on or self.times.day_of_publication
            draft.doubts = [doubt for doubt in draft.doubts if doubt not in _OF_TIME]
            draft.weight *= PRESENT

    def _present(self, drafts: list[Draft]) -> None:
        """Doubt a claim next to a word of time that no pattern reads; date a rate "now" by the day of publication."""
        for draft in drafts:
            # a period of another sentence holds only where this sentence speaks of no other time
            own = draft.per_day or self.sheet.of("period")
            where = draft.segment.span if own else Span(0, len(self.sheet.text))
            ahead = Span(where.start, draft.segment.figure.start)
            untimed = self.tongue.cutter.untimed(self.sheet, where) or self.sheet.of("compared", ahead)
            if "period" not in draft.spans and untimed:
                draft.doubts.append(Doubt.VAGUE_PERIOD)
        for draft in (draft for draft in drafts if draft.period is None and draft.per_day):
            if self._now(draft.segment.span):  # "1,200 a day now cross; the total since April is 44,000"
                draft.period = self.times.day_of_publication
                draft.weight *= PRESENT

    def share(self, sentence: Span, drafts: list[Draft], levels: list[Segment]) -> None:
        """Give claims without a period the only period of the sentence; date a rate "now" by the day of publication.

        `levels`: segments whose periods are their own: earlier levels, and parts of those before.
        """
        usable = [
            mark
            for mark in self.sheet.of("period", sentence)
            if isinstance(mark.value, StatedPeriod)
            and not mark.value.vague
            and not any(mark.within(draft.span) for draft in levels)
        ]
        cutter = self.tongue.cutter
        drafts = [draft for draft in drafts if Doubt.IMPOSSIBLE_DATE not in draft.doubts]
        self._present(drafts)
        for draft in (draft for draft in drafts if draft.period is None):
            others = [mark for mark in usable if not mark.within(draft.segment.span)]
            if cutter.cumulative(self.sheet, draft.segment.span) or any(
                cutter.alone(self.sheet, segment) for segment in others
            ):
                draft.doubts.append(Doubt.NO_PERIOD)
            elif len({mark.value.text for mark in usable}) == 1:
                draft.period, draft.spans["period"] = usable[0].value, usable[0].span
                self._ended(draft)
                draft.weight *= SHARED
            elif (sibling := self._sibling(draft) or _other_way(draft, drafts)) is not None:
                draft.period = sibling
                draft.weight *= SHARED
            else:  # perhaps that of the sentence before: a guess for whoever reviews it
                draft.period = self.thread.drafts[-1].period if self.thread.drafts else None
                draft.doubts.append(Doubt.NO_PERIOD)
