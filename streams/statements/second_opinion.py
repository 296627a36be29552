"""A second opinion on a claim: doubts by other means than the rules that made it. It proposes nothing itself.

The rules follow words from a figure outwards. A second opinion counts what a sentence names: a claim whose countries,
checkpoint or period its sentence does not name, or whose sentence names a country that the claim does not explain, is
not certain. On real text most such claims were wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bordertally.streams.flows import BLOCS
from bordertally.streams.statements.discourse import Thread
from bordertally.streams.statements.drafts import Draft
from bordertally.streams.statements.lexicon.grammar import Tongue
from bordertally.streams.statements.lexicon.marks import Sheet, TextMark
from bordertally.streams.statements.lexicon.places import NamedPlace, PlaceRole
from bordertally.streams.statements.lexicon.time_phrases import StatedPeriod
from bordertally.streams.statements.movement.clues import Movement, MovementKind
from bordertally.streams.statements.movement.resolve import INFERRED
from bordertally.streams.statements.pairs import way_in
from bordertally.streams.statements.records import Doubt, Span

_SUBJECTS = (PlaceRole.BARE, PlaceRole.SPEAKER)

WEEK = 7
"""Days."""

NEAR = 20
"""Characters before a word of movement in which a verb in the passive governs it: "were allowed to "."""

MOST_UNEXPLAINED = 2
"""The most unexplained words beside a claim whose noun, verb, goal and period all stand beside its figure."""

_BREAK = ";"
"""Between two halves of a sentence that tell of different things."""


class SecondOpinion:
    """Doubts about the claims of one sentence. `home`: the country of the source; `scene`: see `Ways.scene`."""

    def __init__(self, sheet: Sheet, tongue: Tongue, thread: Thread, home: str | None, scene: str | None) -> None:
        self.sheet, self.tongue, self.thread, self.home, self.scene = sheet, tongue, thread, home, scene

    def doubts(
        self, draft: Draft, event: TextMark | None, before: Sequence[Draft], whole: Draft | None
    ) -> Iterator[Doubt]:
        """What speaks against a claim.

        `event`: its word of movement; `before`: the claims of the sentence so far; `whole`: the one it is a part of.
        """
        of_leavers = whole is not None and not whole.doubts and _left_for_anywhere(draft.movement, whole.movement)
        far_fetched = not of_leavers and self._far_fetched(draft, event, before)
        if far_fetched or self._untold(draft, event, before):
            yield Doubt.INFERRED
        if event is None and len({way_in(claim) for claim in before[-2:]}) > 1:
            yield Doubt.NO_DIRECTION  # "1,200 came and 900 left; at the other crossing 700 and 600"
        if self._another_country(draft):
            yield Doubt.SEVERAL_PLACES
        if self._unexplained(draft, event, before):
            yield Doubt.UNEXPLAINED

    def _untold(self, draft: Draft, event: TextMark | None, before: Sequence[Draft]) -> bool:
        """Whether the part of a sentence about a figure says too little of its claim, whatever stands around it.

        A figure in a sentence that names no country needs a word of movement and a period of its own. One of people who
        left for anywhere needs a word for leaving, and a country that does not only speak.
        """
        places = [mark.value for mark in self.sheet.of("place")]
        again = any(place.same for place in places) and draft.movement.flow in {
            claim.movement.flow for claim in self.thread.latest
        }
        if not again and not any(place.code for place in places) and not self.sheet.of("citizens"):
            own = (event is not None) + ("period" in draft.spans)
            return own < (1 if self._goes_on(draft, event) else 2)
        ends = {draft.movement.origin, draft.movement.into}
        if not any(_tells(place, ends) for place in places) and not self._told_before(draft, before):
            return True
        if draft.movement.into is None and not any(place.anywhere for place in places):
            told = {place.code for place in places if place.role is not PlaceRole.SPEAKER} | {draft.noun.citizens}
            told |= {self.home} | {claim.movement.into for claim in [*self.thread.drafts, *before]}
            left = draft.movement.event is MovementKind.EXIT and draft.movement.origin in told
            return event is None or not left or self.tongue.cutter.unknown(self.sheet, draft.segment) > 0
        if event is None:
            return False
        after = draft.segment.figure.end if event.start >= draft.segment.figure.end else 0
        moved = self.tongue.moved(self.sheet.text, max(after, event.start - NEAR), event.end)
        roles = {mark.value.role for mark in self.sheet.of("place", draft.segment.context)}
        return moved and not {PlaceRole.ORIGIN, PlaceRole.INTO} <= roles

    def _told_before(self, draft: Draft, before: Sequence[Draft]) -> bool:
        """Whether the ends of a claim are told before it: its own sentence names no place.

        The sentence before states both, or where others came to as well; people came to the country of the source; or
        they left where those before them in their sentence came to.
        """
        now = draft.movement
        if self.thread.both is not None and {now.origin, now.into} == self.thread.both.pair:
            return True
        if now.into is None:
            return any(not claim.doubts and claim.movement.into == now.origin for claim in before)
        entry = now.event == MovementKind.ENTRY
        return (entry and now.into == self.home) or any(
            (then.weight == 1 and _one_border(then, now))
            or (entry and then.event == MovementKind.ENTRY and then.into == now.into)
            for then in (claim.movement for claim in self.thread.latest)
        )

    def _goal_open(self, draft: Draft) -> bool:
        """Whether no place of the sentence names where people went, or left if they went anywhere."""
        named = {mark.value.code for mark in self.sheet.of("place")} - {None}
        movement = draft.movement
        end = movement.origin if movement.into is None else movement.into
        return end not in named | ({self.home} - {None})

    def doubt_groups(self, drafts: Iterable[Draft], others: bool) -> None:
        """Doubt the figures without a destination of their own that may count what others beside them count.

        `others`: the sentence has figures that count something else.
        """
        for draft in drafts:
            if others and self._goal_open(draft) and (self.thread.drafts or self.thread.latest):
                draft.doubts.append(Doubt.UNKNOWN_GROUP)

    def doubt_times(self, drafts: Iterable[Draft]) -> None:
        """Doubt the claims whose period is that of something else."""
        for draft in drafts:
            if self._of_another_time(draft):
                draft.doubts.append(Doubt.VAGUE_PERIOD)

    def _of_another_time(self, draft: Draft) -> bool:
        """Whether the period of a claim is that of something else.

        It stands in another half of the sentence ("47,000 before; since May, 12,000"), it is no day where the sentence
        speaks of "the same day", or it is the day of publication of a rate that was told earlier.
        """
        span, segment = draft.spans.get("period"), draft.segment.span
        if span is None:
            same = self.sheet.of("same_time")
            day = any(self.tongue.same_day.search(self.sheet.text, mark.start, mark.end) for mark in same)
            if draft.period is None:
                return False
            week = any(self.tongue.unit_of(self.sheet.text[mark.start : mark.end]) == "week" for mark in same)
            return (day and draft.per_day is (draft.period.days == 1)) or (week and draft.period.days != WEEK)
        return span.start >= segment.end and _BREAK in self.sheet.text[segment.end - 1 : span.start]

    def _far_fetched(self, draft: Draft, event: TextMark | None, before: Sequence[Draft]) -> bool:
        """Whether too much of a claim is taken from elsewhere.

        So it is with both ends of its movement, with an origin and a period that only other sentences name, with a
        movement that only figures beside it have, of people that are not named as a nation ("880 men and 145 women"),
        and with nobody, where nothing says of whom.
        """
        noun, movement = draft.noun, draft.movement
        if (
            self._once_more(draft, event, before)
            or self._goes_on(draft, event)
            or self._listed_goal(draft, event, before)
        ):
            return False
        counted_both_ways = self.thread.both is not None
        sure = bool(movement.point or movement.slug) or counted_both_ways or self._beside(noun.citizens, movement)
        if round(movement.weight, 3) < INFERRED and not sure:
            return True
        there = self.sheet.of("likewise", draft.segment.span) and self.sheet.of("place", draft.segment.span)
        dated = any(isinstance(mark.value, StatedPeriod) for mark in self.sheet.of("period"))
        elsewhere = movement.origin is not None and movement.origin not in self._named(draft)
        if elsewhere and not there and not counted_both_ways and not (dated and self._went_on(movement)):
            return True
        if event is None:
            placed = any(mark.value.slug for mark in self.sheet.of("place", draft.segment.span))
            return noun.mark is not None and noun.citizens is None and noun.unit == "people" and not placed
        return draft.quantity.low == 0 and noun.mark is None

    def _goes_on(self, draft: Draft, event: TextMark | None) -> bool:
        """Whether a bare figure counts whom a sure sentence before counted, over the border that it states in words.

        Not where a thing stands beside it ("3,000 came by train"), nor of a whole year after a day ("in 2021 it was").
        """
        generic = draft.noun.mark is None or draft.noun.bare or draft.noun.population == "people"
        if not generic or self.sheet.of("thing", draft.segment.span):
            return False
        now, part = draft.movement, event is not None and self.tongue.cutter.part(self.sheet, draft.segment)
        ways = {PlaceRole.ORIGIN: now.origin, PlaceRole.INTO: now.into}
        places = [mark.value for mark in self.sheet.of("place")]
        if any(not place.same and place.code != ways.get(place.role, place.code) for place in places):
            return False  # "another four left Russia", beside those who came there
        return any(
            not claim.doubts
            and not claim.per_day
            and claim.noun.mark is not None
            and claim.movement.weight == 1
            and (_one_border(now, claim.movement) or (part and _left_for_anywhere(now, claim.movement)))
            and (event is not None or _at_most_as_long(draft.period, claim.period))
            for claim in self.thread.latest
        )

    @staticmethod
    def _once_more(draft: Draft, event: TextMark | None, before: Sequence[Draft]) -> bool:
        """Whether a figure with its own word goes where an earlier one of its sentence went, at another time."""
        movement = draft.movement
        ends = {(other.movement.origin, other.movement.into) for other in before if not other.doubts}
        return event is not None and "period" in draft.spans and (movement.origin, movement.into) in ends

    def _listed_goal(self, draft: Draft, event: TextMark | None, before: Sequence[Draft]) -> bool:
        """Whether a bare figure with a destination continues a sure one: "2.9 million went to Poland, 816 to Italy"."""
        goals = [
            mark.value.code for mark in self.sheet.of("place", draft.segment.span) if mark.value.role is PlaceRole.INTO
        ]
        sure = bool(before) and not before[-1].doubts and before[-1].movement.origin == draft.movement.origin
        return event is None and sure and goals == [draft.movement.into]

    def _unexplained(self, draft: Draft, event: TextMark | None, before: Sequence[Draft]) -> bool:
        """Whether a claim lacks positive evidence, or its clause holds a word that nothing explains, which becomes why.

        What is counted is named beside the figure, or the figure has a verb, a goal and a period of its own. If not, it
        continues others of its sentence, and has a verb or goal of its own, or only a place or time beside it. A part
        of a sentence that also speaks of anything else than crossings waits.
        """
        if draft.per_day and self.sheet.of("normal") and self.thread.latest:
            return False  # "the daily number there had climbed to 10,000 from a normal 5,000"
        segment = draft.segment
        roles = {mark.value.role for mark in self.sheet.of("place", segment.span)}
        timed = bool(self.sheet.of("period", segment.span))
        ended = PlaceRole.INTO in roles or (PlaceRole.ORIGIN in roles and draft.movement.into is not None)
        told = timed or (draft.movement.into is not None and bool(roles))
        listed = told and (self.tongue.cutter.item(self.sheet, segment) or (timed and PlaceRole.SPEAKER in roles))
        named = draft.noun.mark is not None or self.tongue.cutter.nouns.of_movement(
            self.sheet, segment.figure, event, ended
        )
        placed = event is not None and ended and timed
        listed = bool(before) and (event is not None or ended or listed)
        if not named and not placed and not listed and not self._goes_on(draft, event):
            return True
        flow = draft.spans.get("flow")
        if flow is not None and self.tongue.cutter.part_placed(self.sheet, segment.figure, flow.end):
            return True
        read = [*draft.spans.values(), *([] if event is None else [event.span])]
        hull = Span(min(span.start for span in read), max(span.end for span in read))
        full = named and placed
        at, text = segment.figure, self.sheet.text + _BREAK
        until = min(text.find(_BREAK, at.end), self.tongue.cutter.clauses.added(self.sheet, at))
        half = Span(text.rfind(_BREAK, 0, at.start) + 1, hull.end if full else until)
        if self.sheet.of("segment", half) or self.sheet.of("sentence"):
            return True
        words = self.tongue.cutter.unexplained(self.sheet, segment, hull)
        if full:
            words = [word for word in words if word.start < hull.end]
        if len(words) <= (MOST_UNEXPLAINED if full else 0):
            return False
        draft.why = self.sheet.text[slice(*words[0])]
        return True

    def _another_country(self, draft: Draft) -> bool:
        """Whether a country stands as the subject or a place of a figure that has no part in its claim.

        "Croatia, which let in 4,877 from Serbia, sent 1,800 to Slovenia": not from Serbia to Slovenia.
        """
        movement = draft.movement
        known = {movement.origin, movement.into, draft.noun.citizens, self.home, *movement.pair}
        known |= set(movement.point.sides) if movement.point is not None else set()
        explained = _with_blocs(known)
        subjects = [
            mark.value
            for mark in self.sheet.of("place")
            if mark.value.role in _SUBJECTS and mark.value.code and mark.end <= draft.segment.figure.start
        ]
        roles = {mark.value.role for mark in self.sheet.of("place", draft.segment.span)}
        if not subjects or subjects[-1].role is PlaceRole.SPEAKER or {PlaceRole.ORIGIN, PlaceRole.INTO} <= roles:
            return False
        return subjects[-1].code not in explained

    def _went_on(self, movement: Movement) -> bool:
        """Whether people go over a border, or leave a country, that claims before were of."""
        earlier = [{draft.movement.origin, draft.movement.into} for draft in self.thread.drafts]
        if movement.into is None:
            return any(movement.origin in ends for ends in earlier)
        return {movement.origin, movement.into} in earlier

    def _named(self, draft: Draft) -> set[str | None]:
        """The countries that a sentence names, by place, checkpoint or people of the figure, and that of the source."""
        places = [mark.value for mark in self.sheet.of("place")]
        around = {side for place in places for side in place.sides}
        people = {mark.value for mark in self.sheet.of("citizens", draft.segment.span)} | {draft.noun.citizens}
        return {place.code for place in places} | around | people | {self.home, self.scene}

    def _beside(self, citizens: str | None, movement: Movement) -> bool:
        """Whether people of a nation cross one of its own borders: the country they came to or left lies beside it."""
        around = self.tongue.scanner.places.neighbours.get(citizens or "", frozenset())
        return bool({movement.origin, movement.into} & {citizens}) and bool({movement.origin, movement.into} & around)


def _tells(place: NamedPlace, ends: set[str | None]) -> bool:
    """Whether a place says where people came from or went: not one that only speaks of others."""
    if place.role is PlaceRole.SPEAKER:
        return place.code in ends
    return bool(place.code or place.slug or place.home or place.anywhere or place.same)


def _one_border(movement: Movement, other: Movement) -> bool:
    """Whether two movements have the same ends, in one direction or in both."""
    return {movement.origin, movement.into} == {other.origin, other.into}


def _at_most_as_long(period: StatedPeriod | None, other: StatedPeriod | None) -> bool:
    """Whether a period is no longer than another one, or runs until now."""
    return period is not None and other is not None and (period.running or period.days <= other.days)


def _left_for_anywhere(part: Movement, whole: Movement) -> bool:
    """Whether some of those who left a country for anywhere went to one that is named: "2.9 million to Poland"."""
    return whole.into is None and whole.origin == part.origin and part.into is not None


def _with_blocs(codes: Iterable[str | None]) -> set[str | None]:
    """Countries with the blocs that they are members of, and blocs with their members."""
    codes = set(codes)
    members = {member for code in codes for member in BLOCS.get(code or "", ())}
    return codes | members | {bloc for bloc, inside in BLOCS.items() if codes & set(inside)}
