"""The state of a text: the claims of the sentences before the current one, and their subject."""

from __future__ import annotations

from typing import NamedTuple

from bordertally.streams.statements.drafts import Draft
from bordertally.streams.statements.lexicon.marks import Sheet, TextMark
from bordertally.streams.statements.lexicon.nouns import Noun
from bordertally.streams.statements.lexicon.places import PlaceRole
from bordertally.streams.statements.lexicon.segments import Cutter, Segment
from bordertally.streams.statements.lexicon.time_phrases import StatedPeriod
from bordertally.streams.statements.records import Doubt, Why


class Both(NamedTuple):
    """The time and the border or checkpoint of a sentence that counted both directions."""

    period: StatedPeriod | None
    pair: frozenset[str]


def only_time(sheet: Sheet) -> StatedPeriod | None:
    """The only exact period of a sentence; None if there are none or several."""
    times = [mark.value for mark in sheet.of("period") if isinstance(mark.value, StatedPeriod)]
    return times[0] if len({period.text for period in times}) == 1 and not times[0].vague else None


def _both_ways(sheet: Sheet, home: str | None) -> Both:
    period = only_time(sheet)
    places = [mark.value for mark in sheet.of("place")]
    named = {place.code for place in places if place.role is PlaceRole.BORDER and place.code}
    pair = frozenset(named | ({home} if home and len(named) == 1 else set()))
    return Both(period, pair if len(pair) == 2 else frozenset())


def further(sheet: Sheet, segment: Segment) -> bool:
    """Whether a figure is additional to the figures before it: "another 6,400 had come across"."""
    return any(mark.end <= segment.figure.start for mark in sheet.of("further", segment.span))


class Thread:
    """The state of a text that its next sentence can refer to.

    `drafts`: all claims so far; `latest`: the claims of the sentence before; `subject`: the claims so far that a
    sentence without a noun of its own can continue. `only_dates`: the sentence before only
    described a day, or dated the figures that follow. `topic` and `stage`: the checkpoint and the country of the
    sentence before, where it made no claim. `stated_on`: the day on which the sentence before says its figures
    were given.
    """

    def __init__(self, cutter: Cutter) -> None:
        self.cutter = cutter
        self.drafts: list[Draft] = []
        self.latest: list[Draft] = []
        self.subject: list[Draft] = []
        self.topic: TextMark | None = None
        self.stage: str | None = None
        self.both: Both | None = None
        self.spoken: StatedPeriod | None = None
        self.only_dates = False
        self.stated_on: StatedPeriod | None = None

    def add(self, sheet: Sheet, drafts: list[Draft], home: str | None, aside: bool = False) -> None:
        """Add a sentence and its claims. `home`: the country of the speaker; `aside`: it only states other levels."""
        both = not drafts and any(mark.value == Why.BOTH for mark in sheet.of("segment"))
        self.both = _both_ways(sheet, home) if both else None
        self.spoken = only_time(sheet)
        self.only_dates = not sheet.of("number") and (self.cutter.stood_out(sheet) or self.cutter.headed(sheet))
        self._look_back(sheet, drafts)
        self.drafts += drafts
        self.subject = drafts if self._turns_away(sheet) else [*self.subject, *drafts]
        # "It was the highest figure of the year" changes nothing
        if drafts or (sheet.of("number") and not aside) or self._turns_away(sheet):
            self.latest = drafts
        self._note(sheet, drafts)

    def _turns_away(self, sheet: Sheet) -> bool:
        """Whether a sentence without figures tells of people of another country: "Fewer are entering Romania"."""
        if sheet.of("number") or not sheet.of("event"):
            return False
        ends = {end for draft in self.latest for end in (draft.movement.origin, draft.movement.into)}
        named = {mark.value.code for mark in sheet.of("place") if mark.value.role is PlaceRole.INTO} - {None}
        return bool(named) and not named & ends

    def _look_back(self, sheet: Sheet, drafts: list[Draft]) -> None:
        """Doubt earlier claims if a sentence without figures retracts them: "The reports could not be verified"."""
        if drafts or sheet.of("number"):
            return
        self._compare(sheet)
        denied = [mark for mark in sheet.of("sentence") if mark.value == Why.DENIED]
        if denied or any(mark.value == "unproven" for mark in sheet.of("voice")):
            for draft in self.latest:
                draft.doubts.append(Doubt.UNCONFIRMED)

    def _compare(self, sheet: Sheet) -> None:
        """Add the level of comparison from a sentence without figures: "That is 9 per cent more"."""
        changes = sheet.of("change")
        if len(self.latest) == len(changes) == 1 and self.latest[0].change is None:
            self.latest[0].change = changes[0].value

    def _note(self, sheet: Sheet, drafts: list[Draft]) -> None:
        """Set the subject for the next sentence: "The queue at Narva grew. 4,950 crossed there"."""
        places = [] if drafts else sheet.of("place")
        points = [mark for mark in places if mark.value.checkpoint is not None]
        self.topic = points[0] if len({mark.value.slug for mark in points}) == 1 else None
        named = {
            mark.value.code
            for mark in places
            if mark.value.role in (PlaceRole.BARE, PlaceRole.SPEAKER) and mark.value.code
        }
        self.stage = named.pop() if len(named) == 1 else None

    def base(self, sheet: Sheet, segment: Segment, event: TextMark | None, noun: Noun) -> Draft | None:
        """The claim of the sentence before that a figure continues, if any: "On Friday the figure was 1,200".

        So it does without a word of movement, or as a part ("Of these, 2,790 came through Siret").
        """
        if not self.latest or noun.unknown:
            return None
        first = self.latest[0]
        if self.cutter.part(sheet, segment) or sheet.of("same_time", segment.span) or further(sheet, segment):
            return first
        if sheet.of("likewise", segment.span) and any(mark.value.same for mark in sheet.of("place", segment.span)):
            return self.latest[-1]  # "the daily number there had climbed": where the last of those before was
        kinds = ("total", "likewise", "place", "period")
        return first if event is None and any(sheet.of(kind, segment.span) for kind in kinds) else None
