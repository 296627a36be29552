"""Clauses that contain no claim: clauses that only set the scene, and additions of a speaker."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from bordertally.streams.statements.lexicon.language import Language, alternatives
from bordertally.streams.statements.lexicon.marks import Sheet, TextMark
from bordertally.streams.statements.lexicon.places import PlaceRole
from bordertally.streams.statements.records import Span, Why

_STOP = re.compile("[,;:()](?!\\d)")
_COLUMNS = 2
"""Signs "|" in a line that is a row of a table."""

_TOLD = ("number", "event", "period", "so_far")
"""What is told of a happening: a clause with one of these does more than set the scene."""


class Clauses:
    """Recognises the clauses of one language."""

    def __init__(self, language: Language) -> None:
        table = language.table
        self._setting = language.any_of(table.setting)
        self._relative = language.any_of(table.relative)
        self._added = re.compile(rf"(?:{alternatives(table.added)})(?!\w)", re.IGNORECASE)
        self._purpose = language.any_of(table.purpose)
        self._seat_before = language.ending(table.roles.seat_before)
        self._seat_after = language.beginning(table.roles.seat_after)
        self._in_town = language.ending(table.roles.in_town)
        self._handed = language.ending(table.roles.handed)
        self._forced = language.any_of(table.roles.forced)
        self._forced_back = language.any_of(table.roles.forced_back)
        self._crossing = language.beginning(table.roles.crossing_after)

    def set_aside(self, sheet: Sheet) -> None:
        """Change the marks of places and times that only set the scene, so that no claim uses them.

        "Hours before the fence at Roszke was closed, 9,380 crossed": a place of kind `scene`. "Over the bridge, which
        replaced the ferry in May": a time of kind `scene_time`. "The mayor of Narva said": a place of kind `seat`.
        """
        if not sheet.of("number"):
            return
        for mark in sheet.of("number") if sheet.text.count("|") >= _COLUMNS else []:
            line = sheet.text[sheet.text.rfind("\n", 0, mark.start) + 1 :].split("\n", 1)[0]
            if line.count("|") >= _COLUMNS:  # a row of a table, whose head is elsewhere
                sheet.marks[sheet.marks.index(mark)] = mark._replace(kind="mask", value=Why.NO_CROSSING.value)
        for mark in sheet.of("place"):
            point = mark.value.checkpoint is not None or mark.value.unknown or mark.value.region
            if point and self._seat(sheet, mark):
                _turn(sheet, mark, "seat")
            elif point and self._within(sheet, mark, self._setting, _TOLD):
                _turn(sheet, mark, "scene")
            elif mark.value.unknown and self._dates(sheet, mark):
                _turn(sheet, mark, "aside")
        for mark in sheet.of("period"):
            if self._within(sheet, mark, self._relative, ("number", "event")):
                _turn(sheet, mark, "scene_time")

    def added(self, sheet: Sheet, figure: TextMark) -> int:
        """The start of a clause with a speaker's addition after a figure: "adding that an office would"."""
        match = self._added.search(sheet.text, figure.end)
        return len(sheet.text) if match is None else match.start()

    def handed(self, sheet: Sheet, span: Span, figure: TextMark) -> bool:
        """Whether people are handed over to an authority of a country: "returned 42 of them to the Russian police".

        So it is where they are sent back over a border: "pushed 161 people back into Myanmar".
        """
        behind = self._forced_back.search(sheet.text, figure.end, span.end)
        if behind is not None and not _STOP.search(sheet.text, figure.end, behind.start()):
            verbs = list(self._forced.finditer(sheet.text, span.start, figure.start))
            if verbs and not _STOP.search(sheet.text, verbs[-1].end(), figure.start):
                return True
        bodies = [mark for mark in sheet.of("place", span) if mark.value.role is PlaceRole.SPEAKER]
        return any(self._handed.search(sheet.text[max(mark.start - 30, 0) : mark.start]) for mark in bodies)

    def purpose(self, sheet: Sheet, span: Span) -> int:
        """The start of a clause that only states a purpose: "to buy rice, oil and toilet paper"."""
        match = self._purpose.search(sheet.text, span.start, span.end)
        return span.end if match is None else match.start()

    def _seat(self, sheet: Sheet, mark: TextMark) -> bool:
        """Whether a place is only the seat of a speaker: "the mayor of Narva", "the inspectorate at Sighetu said"."""
        before = sheet.text[max(mark.start - 60, 0) : mark.start]
        if self._crossing.match(sheet.text, mark.end):
            return False
        if self._seat_before.search(before):
            return True
        return bool(self._in_town.search(before) and self._seat_after.match(sheet.text, mark.end))

    def _dates(self, sheet: Sheet, mark: TextMark) -> bool:
        """Whether a place only belongs to the start of an event: "Since May 12, when shelling reached Wad Madani"."""
        begun = [period for period in sheet.of("period") if period.end <= mark.start]
        behind = [figure.start for figure in sheet.of("number") if figure.start >= mark.end]
        opens = bool(begun) and bool(self._relative.match(sheet.text, begun[-1].end + len(", ")))
        return opens and bool(behind) and "," in sheet.text[mark.end : behind[0]]

    @staticmethod
    def _within(sheet: Sheet, mark: TextMark, begins: re.Pattern[str], kinds: Iterable[str]) -> bool:
        """Whether a mark is in a clause with such a beginning and without another mark of these kinds."""
        starts = [match.end() for match in begins.finditer(sheet.text, 0, mark.start)]
        if not starts or _STOP.search(sheet.text, starts[-1], mark.start):
            return False
        stop = _STOP.search(sheet.text, mark.end)
        clause = Span(starts[-1], len(sheet.text) if stop is None else stop.start())
        return not any(other != mark for other in _of(sheet, kinds, clause))


def _of(sheet: Sheet, kinds: Iterable[str], span: Span) -> Iterator[TextMark]:
    for kind in kinds:
        yield from sheet.of(kind, span)


def _turn(sheet: Sheet, mark: TextMark, kind: str) -> None:
    sheet.marks[sheet.marks.index(mark)] = mark._replace(kind=kind)
