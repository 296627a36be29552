"""The movements of a sentence: each from a word of movement, its places, and the text before."""

from __future__ import annotations

import re
from itertools import pairwise

from bordertally.streams.statements.discourse import Thread, further
from bordertally.streams.statements.drafts import Draft
from bordertally.streams.statements.lexicon.grammar import Tongue
from bordertally.streams.statements.lexicon.marks import Sheet, TextMark
from bordertally.streams.statements.lexicon.nouns import Noun
from bordertally.streams.statements.lexicon.places import PlaceRole
from bordertally.streams.statements.lexicon.segments import Segment
from bordertally.streams.statements.movement.clues import Clues, Movement, MovementKind
from bordertally.streams.statements.movement.paired_columns import PairedColumns
from bordertally.streams.statements.movement.resolve import INFERRED, resolve
from bordertally.streams.statements.records import Doubt, Span

LEADS = " :-\u2013\u2014"
"""Signs that lead from a place in a list to its figure."""

_STOP = re.compile("[,;:.()]")

_AWAY = (MovementKind.EXIT, MovementKind.OUT, MovementKind.BACK)
"""Words of movement of those who leave."""


class Ways:
    """Finds the movements of one sentence.

    `home`: the country of who speaks; `heading`: the place that the text is headed with.
    """

    def __init__(
        self, sheet: Sheet, tongue: Tongue, thread: Thread, home: str | None, heading: TextMark | None
    ) -> None:
        self.sheet, self.tongue, self.thread, self.home, self.heading = sheet, tongue, thread, home, heading
        self.columns = PairedColumns(sheet)

    def from_to(self, segment: Segment) -> bool:
        """Whether places alone state a movement: "Storskog: 5,140 from Russia to Norway"."""
        roles = {mark.value.role for mark in self.sheet.of("place", segment.span)}
        front = self._front(segment)
        arrow = any(
            ">" in self.sheet.text[left.end : other.start] or "\u2192" in self.sheet.text[left.end : other.start]
            for left, other in pairwise(self.sheet.of("place", segment.span))
        )
        return {PlaceRole.ORIGIN, PlaceRole.INTO} <= roles and (
            arrow or front is not None or bool(self.sheet.of("people"))
        )

    def event(self, segment: Segment) -> TextMark | None:
        """The word of movement of a figure: "the other way", else the first one after it, else the last before it."""
        column = self.columns.of(segment.figure)
        if column is not None:
            return column
        events = self.sheet.of("event", segment.context)
        turned = [mark for mark in events if mark.value == MovementKind.OTHER_WAY and mark.within(segment.span)]
        if turned:
            return turned[0]
        behind = [mark for mark in events if mark.start >= segment.figure.end and mark.value != MovementKind.TAKES]
        before = [mark for mark in reversed(events) if mark.start < segment.figure.end]
        taken: TextMark | None = next((mark for mark in before if mark.value == MovementKind.TAKES), None)
        if taken is not None and not _STOP.search(self.sheet.text, taken.end, segment.figure.start):
            return taken  # "the Union has received 5.3 million people fleeing the war"
        return next(iter(behind or before), None)

    def movement(
        self, segment: Segment, event: TextMark | None, noun: Noun, base: Draft | None, drafts: list[Draft]
    ) -> Movement:
        """The movement of the people of a segment."""
        # a sentence that says whom it counts stands for itself; a bare "142,300 arrived" goes on from the one before
        known = drafts or ([base] if base is not None else self._known(segment, event, noun))
        clues = self._clues(segment, event, noun, drafts, known)._replace(together=bool(drafts))
        movement = resolve(clues)
        open_start = movement.origin is None and {Doubt.NO_ORIGIN, Doubt.NO_DIRECTION} & set(movement.doubts)
        if drafts or base is not None or noun.citizens or not open_start:
            return movement if drafts or base is not None else self._onwards(movement)
        alike = next((draft for draft in self.thread.latest if self._alike(draft, movement, segment, noun)), None)
        return (
            self._turned(self._onwards(movement)) if alike is None else resolve(clues._replace(before=alike.movement))
        )

    def _onwards(self, movement: Movement) -> Movement:
        """A movement without a destination out of where those of the sentence before came from: to where they went."""
        same = [
            draft for draft in self.thread.latest if draft.movement.back or draft.movement.origin == movement.origin
        ]
        goals = {draft.movement.into for draft in same} - {movement.origin}
        if (
            not (movement.back or movement.event is MovementKind.ENTRY)
            or movement.origin is None
            or len(goals) != 1
            or None in goals
        ):
            return movement
        if movement.into is not None or Doubt.NO_DESTINATION not in movement.doubts:
            return movement
        doubts = tuple(doubt for doubt in movement.doubts if doubt is not Doubt.NO_DESTINATION)
        return movement._replace(into=goals.pop(), doubts=doubts, weight=movement.weight * INFERRED)

    def _turned(self, movement: Movement) -> Movement:
        """A movement without an origin into where those of the sentence before came from: back over that border."""
        ends = {(draft.movement.origin, draft.movement.into) for draft in self.thread.latest}
        backs = {into for origin, into in ends if origin == movement.into and into is not None}
        if movement.into is None or len(backs) != 1 or movement.event not in _AWAY:
            return movement
        doubts = tuple(doubt for doubt in movement.doubts if doubt not in (Doubt.NO_ORIGIN, Doubt.NO_DIRECTION))
        return movement._replace(origin=backs.pop(), doubts=doubts, weight=movement.weight * INFERRED)

    def _known(self, segment: Segment, event: TextMark | None, noun: Noun) -> list[Draft]:
        """The claims that a sentence with a word of movement continues."""
        pointed = any(mark.value.same for mark in self.sheet.of("place", segment.span))
        if noun.mark is None or pointed:
            return self.thread.subject
        return self.thread.latest[:1] if self._same_nation(event, noun) else []

    def _same_nation(self, event: TextMark | None, noun: Noun) -> bool:
        """Whether people of the nation just spoken of entered where those did: "On Sunday, 2,600 Russians arrived"."""
        first = next(iter(self.thread.latest), None)
        if first is None or first.movement.into is None or noun.citizens is None or self.sheet.of("place"):
            return False
        same = noun.citizens == first.noun.citizens == first.movement.origin
        return same and event is not None and event.value == MovementKind.ENTRY == first.movement.event

    def _clues(
        self, segment: Segment, event: TextMark | None, noun: Noun, drafts: list[Draft], known: list[Draft]
    ) -> Clues:
        before = known[-1].movement if known else None
        kind = MovementKind(event.value) if event is not None else before.event if before else MovementKind.CROSS
        kind = MovementKind.ENTRY if kind is MovementKind.TAKES else kind
        named = self.sheet.of("citizens", segment.context if noun.bare else segment.span)
        named = [mark for mark in named if ";" not in self._between(segment.figure, mark)]
        citizens = noun.citizens or (named[0].value if named else None)
        places = self._places(segment)
        front = None if self.sheet.of("overall", segment.span) else self._front(segment)
        ahead = [mark for mark in self.sheet.of("place") if mark.end <= self.sheet.of("number")[0].start]
        if front is None and any(mark.value.same for mark in [*ahead, *places]):
            front = self.thread.topic or self.heading
        if front is None and (self.thread.both is not None or self._at_topic(segment, places)):
            front = self.thread.topic
        home = self.home or (self.thread.stage if kind is MovementKind.ENTRY else None)
        at_home = {mark.value.role for mark in places if mark.value.home}
        leaving = kind is MovementKind.EXIT and at_home & {PlaceRole.BARE, PlaceRole.ORIGIN}
        if self.home is None and (leaving or PlaceRole.INTO in at_home or (at_home and kind is MovementKind.ENTRY)):
            home = self._spoken_of(segment) or home
        part = self.tongue.cutter.part(self.sheet, segment) or (not places and further(self.sheet, segment))
        return Clues(
            kind,
            event,
            places,
            citizens,
            home,
            before,
            front=front,
            scene=self.scene(),
            part=part,
            refuge=bool(self.sheet.of("refuge", segment.span)) or noun.population in ("refugees", "migrants"),
            pair=frozenset() if self.thread.both is None else self.thread.both.pair,
            apart=bool(self.sheet.of("overall", segment.span)) or self._apart(segment),
            further=further(self.sheet, segment),
            beside=self.tongue.scanner.places.neighbours.get(citizens or "", frozenset()),
            lately=tuple(draft.movement for draft in [*self.thread.latest, *drafts]),
            sentence=tuple(draft.movement for draft in drafts),
        )

    def _between(self, one: TextMark, other: TextMark) -> str:
        """The text between two marks."""
        first, last = sorted((one.span, other.span))
        return self.sheet.text[first.end : last.start]

    def _spoken_of(self, segment: Segment) -> str | None:
        """The country that "the country" means: that of the speaker, else the last destination."""
        speakers = [mark for mark in self.sheet.of("place") if mark.value.role is PlaceRole.SPEAKER]
        ahead: list[str | None] = [mark.value.code for mark in speakers if mark.end <= segment.figure.start]
        if ahead:
            return ahead[-1]
        sure = [draft.movement.into for draft in self.thread.latest if not draft.doubts]
        return sure[0] if sure else None

    def _at_topic(self, segment: Segment, places: list[TextMark]) -> bool:
        """Whether a sentence is about the checkpoint of the sentence before, and names at most an origin."""
        topic = self.thread.topic
        if topic is None or self.sheet.of("overall") or segment.figure != self.sheet.of("number")[0]:
            return False
        sides = topic.value.sides
        return all(mark.value.code in sides and mark.value.role is PlaceRole.ORIGIN for mark in places)

    def _apart(self, segment: Segment) -> bool:
        """Whether a separate clause begins between the figure before and this one: "over A, while 880 went back"."""
        ahead = [mark for mark in self.sheet.of("number") if mark.end <= segment.figure.start]
        return bool(ahead) and self.tongue.cutter.clause(self.sheet, Span(ahead[-1].end, segment.figure.start))

    def _places(self, segment: Segment) -> list[TextMark]:
        """The places of a figure; in a list, places before other figures belong to those ("A 1,022, B 487")."""
        places, figures = self.sheet.of("place", segment.context), self.sheet.of("number")
        text = self.sheet.text
        headed = [
            next(
                (
                    fig.start
                    for fig in figures
                    if place.end <= fig.start and not text[place.end : fig.start].strip(LEADS)
                ),
                None,
            )
            for place in places
        ]
        if segment.figure.start not in headed:
            return places
        return [place for place, at in zip(places, headed, strict=True) if at in (None, segment.figure.start)]

    def _alike(self, first: Draft, movement: Movement, segment: Segment, noun: Noun) -> bool:
        """Whether people who entered a country came from the origin stated in the sentence before.

        Where only their nationality said so, it holds for a figure that names nobody else: "On Monday 20,000 entered".
        """
        before = first.movement
        same = before.into is not None and before.into == movement.into and (noun.bare or not before.nation)
        return same and not self.sheet.of("overall", segment.span)

    def scene(self) -> str | None:
        """The country of the event at which a count starts: "since fighting broke out in Sudan on 15 April"."""
        for mark in self.sheet.of("period"):
            codes = self.tongue.scanner.places.named(self.sheet.text[mark.start : mark.end])
            if len(codes) == 1:  # not "since Hungary closed its border with Serbia"
                return codes.pop()
        return None

    def _front(self, segment: Segment) -> TextMark | None:
        """The checkpoint before all figures and words of movement; the whole sentence is about it.

        So is a part of those at a checkpoint: "5,000 passed Beitbridge in both directions; 3,000 of them entered".
        """
        ahead = [mark for mark in self.sheet.marks if mark.kind in ("number", "event")]
        points = [mark for mark in self.sheet.of("place") if mark.value.checkpoint is not None]
        if len({mark.value.slug for mark in points}) == 1 and self.tongue.cutter.part(self.sheet, segment):
            return points[0] if points[0].end <= segment.figure.start else None
        return points[0] if points and ahead and points[0].end <= ahead[0].start else None
