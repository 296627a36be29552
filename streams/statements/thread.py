"""The thread of a text: what the sentences before the one being read claimed, and what they were about."""

from __future__ import annotations

import re

from streams.statements.drafts import Draft
from streams.statements.marks import Mark, Sheet
from streams.statements.nouns import Noun
from streams.statements.places import Role
from streams.statements.records import Doubt, Why
from streams.statements.segments import Cutter, Segment

_WORD = re.compile(r"\w+")
DATELINE = 1
"""Words at most that are neither a place nor a time, in a sentence that only says where what follows happened."""


class Thread:
    """What was said so far.

    `drafts`: all claims; `latest`: those of the sentence before. `topic` and `stage`: the checkpoint and the country
    that the sentence before was about, where it claimed nothing; `dateline`: the checkpoint that a text is headed with.
    """

    def __init__(self, cutter: Cutter) -> None:
        self.cutter = cutter
        self.drafts: list[Draft] = []
        self.latest: list[Draft] = []
        self.topic: Mark | None = None
        self.stage: str | None = None
        self.dateline: Mark | None = None

    def add(self, sheet: Sheet, drafts: list[Draft]) -> None:
        """Note a sentence and its claims."""
        self._look_back(sheet, drafts)
        self.drafts += drafts
        if drafts or sheet.of("number"):  # "It was the highest figure of the year" changes nothing
            self.latest = drafts
        self._note(sheet, drafts)

    def _look_back(self, sheet: Sheet, drafts: list[Draft]) -> None:
        """A sentence without figures may take back what the one before it said: "The reports could not be verified"."""
        if drafts or sheet.of("number"):
            return
        denied = [mark for mark in sheet.of("sentence") if mark.value == Why.DENIED]
        denied = [mark for mark in denied if not self.cutter.ahead(sheet, mark)]
        if denied or any(mark.value == "unconfirmed" for mark in sheet.of("voice")):
            for draft in self.latest:
                draft.doubts.append(Doubt.UNCONFIRMED)

    def _note(self, sheet: Sheet, drafts: list[Draft]) -> None:
        """What a sentence without claims is about, for the next: "The queue at Narva grew. 4,950 crossed there"."""
        places = [] if drafts else sheet.of("place")
        points = [mark for mark in places if mark.value.checkpoint is not None]
        self.topic = points[0] if len({mark.value.slug for mark in points}) == 1 else None
        named = {mark.value.code for mark in places if mark.value.role in (Role.BARE, Role.SPEAKER) and mark.value.code}
        words = [match.span() for match in _WORD.finditer(sheet.text)]
        if self.topic is not None and sum(sheet.free(*word) for word in words) <= DATELINE:
            self.dateline = self.topic  # "Palanca, Thursday noon."
        self.stage = named.pop() if len(named) == 1 else None

    def base(self, sheet: Sheet, segment: Segment, event: Mark | None, noun: Noun) -> Draft | None:
        """The claim of the sentence before that a figure goes on from, if it does: "On Friday the figure was 1,200".

        So it does without a word of movement, or as a part ("Of these, 2,790 came through Siret").
        """
        if not self.latest or noun.unknown:
            return None
        first = self.latest[0]
        if self.cutter.part(sheet, segment) or sheet.of("same_time", segment.span):
            return first
        kinds = ("total", "likewise", "place", "period")
        return first if event is None and any(sheet.of(kind, segment.span) for kind in kinds) else None
