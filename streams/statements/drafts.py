"""A draft of a claim: the values read for each field, until they are written as a producer would write them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from msgspec import UNSET

from bordertally.streams.qualifiers import UNQUALIFIED, Bound, Qualifier
from bordertally.streams.reports.records import ClaimFields, Normal, Unit
from bordertally.streams.statements.lexicon.nouns import Noun
from bordertally.streams.statements.lexicon.numbers import Quantity
from bordertally.streams.statements.lexicon.scanner import Change
from bordertally.streams.statements.lexicon.segments import Segment
from bordertally.streams.statements.lexicon.time_phrases import StatedPeriod
from bordertally.streams.statements.movement.clues import Movement
from bordertally.streams.statements.records import Doubt, FoundClaim, Span, Voice

DOUBTED = 0.6
"""What one doubt takes off the confidence."""

FEW_DOUBTS = 2
"""Doubts that leave a reviewer something to decide. On real text no claim with more of them had the right content."""

_NOWHERE = {Doubt.NO_ORIGIN, Doubt.NO_DIRECTION}
"""Doubts about where people came from: of 120 such items of real text, none could be confirmed as it stands."""

_UNTOLD = {Doubt.INFERRED, Doubt.UNEXPLAINED, Doubt.NO_PERIOD}
"""Likewise, of 50 with all of these doubts, four had the right content."""

_THIN = {Doubt.INFERRED, Doubt.UNEXPLAINED}

_OPEN = {Doubt.VAGUE_PERIOD, Doubt.SEVERAL_PERIODS, Doubt.SEVERAL_GROUPS}
"""Doubts that leave a field open: beside another doubt, a reviewer would have to find more than that field."""

MOST_A_DAY = 1_000_000
"""People a day that no single border is known to have had: a larger figure is taken for a mistake."""


@dataclass
class Draft:
    """The parts that a segment gives a draft. `weight`: the confidence before doubts; `why`: an unexplained word."""

    segment: Segment
    quantity: Quantity
    noun: Noun
    movement: Movement
    period: StatedPeriod | None = None
    per_day: bool = False
    change: Change | None = None
    normal: Quantity | None = None
    voice: Voice = Voice.OWN
    speaker: str = ""
    why: str = ""
    weight: float = 1.0
    spans: dict[str, Span] = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)

    @property
    def unclear(self) -> bool:
        """Whether so much is open that a reviewer would have to write the claim anew."""
        doubts = set(self.doubts)
        thin = doubts & _THIN
        if doubts & _NOWHERE or (thin and Doubt.NO_DESTINATION in doubts) or doubts >= _UNTOLD:
            return True
        open_field = self.movement.flow is None or bool(doubts & _OPEN)
        return len(doubts - thin) + bool(thin) > (1 if open_field else FEW_DOUBTS)

    def so_far(self) -> None:
        """Make the figure a lower bound, because the day is not over."""
        if self.quantity.qualifier is None or self.quantity.qualifier.bound is not Bound.AT_MOST:
            self.quantity = self.quantity._replace(qualifier=Qualifier.AT_LEAST)

    def to_claim(self, words: str, at: int) -> FoundClaim:
        """The claim with its quote: the words from which its fields were read. The sentence `words` begins at `at`."""
        quote = self._quote()
        claim = ClaimFields(
            flow=self.movement.flow or UNSET,
            period=UNSET if self.period is None else self.period.text,
            people=self.quantity.people,
            qualifier=self.quantity.qualifier or UNQUALIFIED,
            population=self.noun.population or "people",
            text=words[quote.start : quote.end],
        )
        if self.noun.unit == "vehicles":
            claim.unit = Unit.VEHICLES
        if self.per_day:
            claim.per = "day"
        if self.normal is not None:
            claim.normal = Normal(self.normal.people)
        spans = {name: span.moved(at) for name, span in self.spans.items()}
        if self.change is not None and self.period is not None and just_before(self.change, self.period):
            claim.change_percent = self.change.percent
        else:
            spans.pop("change_percent", None)
        if self._a_day > MOST_A_DAY:
            self.doubts.append(Doubt.IMPLAUSIBLE)
        doubts = tuple(dict.fromkeys(self.doubts))
        confidence = round(self.weight * DOUBTED ** len(doubts), 3)
        quote = quote.moved(at)
        return FoundClaim(
            claim=claim,
            quote=quote,
            spans=spans,
            confidence=confidence,
            doubts=doubts,
            voice=self.voice,
            speaker=self.speaker,
            why=self.why,
        )

    @property
    def _a_day(self) -> float:
        """People a day; 0 if the period is not known."""
        if self.period is None:
            return 0
        return self.quantity.low / (1 if self.per_day else self.period.days)

    def _quote(self) -> Span:
        return Span(min(span.start for span in self.spans.values()), max(span.end for span in self.spans.values()))


def _hours(exact: str) -> float:
    """The length of an exact interval."""
    start, end = map(datetime.fromisoformat, exact.split("/"))
    return (end - start).total_seconds() / 3600


def just_before(change: Change, period: StatedPeriod) -> bool:
    """Whether a change is relative to the equally long period just before, the only kind that a claim can state."""
    yesterday = (period.start.weekday() - 1) % 7
    first = period.start.day == 1 and period.end.day == 1
    fits = {
        "named": first and period.days <= 31 and change.number == (period.start.month - 2) % 12 + 1,
        "numbered": period.days == 7 and change.number == period.start.isocalendar().week - 1,
        "weekday": period.days == 1 and change.number == yesterday,
        "week": period.days == 7,
        "day": period.days == 1,
        "month": period.start.day == 1 and period.end.day == 1 and 28 <= period.days <= 31,
        "same": True,
        "hours": bool(period.exact) and change.number == _hours(period.exact),
    }
    return fits.get(change.unit or "", False)
