"""Exclusions: why a figure of people is not a claim about a crossing (denied, expected, earlier level, queue, ...)."""

from __future__ import annotations

from bordertally.streams.statements.lexicon.marks import Sheet, TextMark
from bordertally.streams.statements.lexicon.segments import Cutter, Segment
from bordertally.streams.statements.lexicon.time_phrases import DayShift
from bordertally.streams.statements.movement.clues import MovementKind
from bordertally.streams.statements.records import Span, Why

_YESTERDAY = DayShift(-1)


class Reasons:
    """Finds the exclusions in one sentence."""

    def __init__(self, sheet: Sheet, cutter: Cutter, *, first: bool = False) -> None:
        """`first`: no sentence before this one made a claim."""
        self.sheet, self.cutter, self.clauses, self.first = sheet, cutter, cutter.clauses, first

    def whole(self, sentence: Span, figure: TextMark) -> Why | None:
        """Why a whole sentence, or its part up to a figure, is not a claim: denied, a question, or hypothetical."""
        if self.sheet.text[sentence.start : sentence.end].rstrip().endswith("?"):
            return Why.HYPOTHETICAL
        marks = self.sheet.of("sentence", sentence)
        added = self.clauses.added(self.sheet, figure)
        marks = [mark for mark in marks if mark.start < added or mark.value != Why.HYPOTHETICAL]
        return Why(marks[0].value) if marks else None

    def why_not(self, segment: Segment) -> Why | None:
        """Why the words around a figure say that it is not a crossing."""
        turned = any(mark.value == MovementKind.OTHER_WAY for mark in self.sheet.of("event", segment.span))
        told_before = self.cutter.earlier(self.sheet, segment) and not turned
        if told_before or self._sooner(segment):
            return Why.EARLIER
        if self.clauses.handed(self.sheet, segment.span, segment.figure):
            return Why.REFUSED
        said_of_it = Span(segment.span.start, segment.context.end)
        end = min(said_of_it.end, self.clauses.added(self.sheet, segment.figure))
        events = self.sheet.of("event", said_of_it)
        marks = self.sheet.of("segment", Span(said_of_it.start, end))
        last = max((mark.start for mark in events), default=-1)
        marks = [mark for mark in marks if mark.end > last or not self._fronted(mark, segment)]
        return self._said(marks, events, segment) if marks else None

    def _said(self, marks: list[TextMark], events: list[TextMark], segment: Segment) -> Why | None:
        """The reason that applies, of the reasons that the words around a figure give."""
        if any(mark.value == Why.HYPOTHETICAL for mark in marks):
            reasons = [mark for mark in marks if mark.value != Why.HYPOTHETICAL]
            return Why(reasons[0].value) if reasons and not events else Why.HYPOTHETICAL
        figure = segment.figure
        nearest = min(marks, key=lambda mark: abs(mark.start - figure.end))
        behind = next((mark for mark in events if mark.start >= figure.end and mark.value != MovementKind.TAKES), None)
        apart = behind is not None and "," in self.sheet.text[behind.end : nearest.start]
        if apart and nearest.value != Why.BOTH:  # "crossed at Narva, regardless of direction" is said of the figure
            return None  # "entered the country, where queues ...": the figure is of those who entered
        return Why(nearest.value)

    def _fronted(self, mark: TextMark, segment: Segment) -> bool:
        """Whether the reason is stated in a clause before: "After weeks of queues, 900 people crossed"."""
        between = self.sheet.text[mark.end : segment.figure.start]
        apart = "," in between or self.cutter.led(self.sheet, segment)
        return mark.end <= segment.figure.start and apart and mark.value != Why.HYPOTHETICAL

    def _sooner(self, segment: Segment) -> bool:
        """Whether a figure is dated by how long before it was: "the day before it was 9,642".

        So it is beside a weekday or a rate ("a week earlier the Saturday figure was 5,286"), not beside a date of its
        own; and so are all figures without a time behind it ("a week earlier 950 came and 2,400 left").
        """
        times = self.sheet.of("period", segment.span) or self._in_front()
        ahead = [time for time in times if time.start < segment.figure.start]
        if self.first and segment.figure == self.sheet.of("number")[0] and _YESTERDAY in [time.value for time in times]:
            return False  # "Slovakia said that 9,540 people had crossed the day before"
        if any(_back(time) for time in ahead) and not any(self._dated(time) for time in times):
            return True
        return bool(times) and all(_back(time) for time in times)

    def _in_front(self) -> list[TextMark]:
        """The first time of a sentence if it stands before all figures; else none."""
        return [period for period in self.sheet.of("period")[:1] if period.end <= self.sheet.of("number")[0].start]

    def _dated(self, period: TextMark) -> bool:
        """Whether a phrase of time contains a date or a number."""
        return not _back(period) and any(map(str.isdigit, self.sheet.text[period.start : period.end]))

    def bracketed(self, segment: Segment) -> Why | None:
        """Whether a bare figure in brackets is a part of a figure that is not a claim: "Barahona (210)"."""
        figure = segment.figure
        alone = self.sheet.text.endswith("(", 0, figure.start) and self.sheet.text.startswith(")", figure.end)
        ahead = self.sheet.of("event", Span(segment.span.start, figure.start))
        return Why.NO_CROSSING if alone and not ahead else None

    def usual(self, segment: Segment) -> bool:
        """Whether a figure is a usual level of a longer period than a day: "usually some 9,000 a week"."""
        before = [mark for mark in self.sheet.of("normal", segment.span) if mark.start < segment.figure.start]
        return bool(before) and not self.sheet.of("event", Span(before[0].start, segment.span.end))

    def no_crossing(self, segment: Segment) -> Why:
        """The exclusion that the table gives for the other words around a figure, if any."""
        things = [mark for mark in self.sheet.of("thing", segment.span) if mark.start > segment.figure.start]
        return Why(things[0].value) if things else Why.NO_CROSSING


def _back(period: TextMark) -> bool:
    """Whether a phrase of time only states a distance before another day."""
    return isinstance(period.value, DayShift) and period.value.days < 0
