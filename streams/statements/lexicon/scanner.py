"""The scanner of a language: it marks numbers, times, places and words of movement in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from bordertally.streams.statements.lexicon.clauses import Clauses
from bordertally.streams.statements.lexicon.gazetteer import Gazetteer
from bordertally.streams.statements.lexicon.language import Language, Pattern, alternatives, captured, index
from bordertally.streams.statements.lexicon.marks import Patterns, Sheet, TextMark
from bordertally.streams.statements.lexicon.numbers import Numbers
from bordertally.streams.statements.lexicon.places import PlaceRole, Places
from bordertally.streams.statements.lexicon.time_phrases import StatedPeriod, Times

_LEADS = re.compile(r"\s*(?:[-:(\u2013\u2014]|\bof\b)\s*")
"""Between a figure and the country whose citizens it counts."""


class Change(NamedTuple):
    """A change in per cent. `unit`: of the period of comparison ("week"); `number`: of a week, or of a day in it."""

    percent: float
    unit: str | None
    number: int | None = None


class Scanner:
    """The patterns of one language, in the order in which they are applied to a text."""

    def __init__(self, language: Language, gazetteer: Gazetteer, clauses: Clauses) -> None:
        table = language.table
        self.language = language
        self.places = Places(language, gazetteer)
        self.numbers = Numbers(language)
        self.clauses = clauses
        self._asides = Patterns(
            [*language.compiled("aside", {"": table.asides}), *language.compiled("state", {"": table.states})]
        )
        self._periods = Patterns(language.compiled("period", table.periods))
        self._change = Patterns(
            [
                *language.compiled("change", {"up": table.change.up, "down": table.change.down}),
                *language.compiled("change", {"doubled": table.change.doubled, "halved": table.change.halved}),
            ]
        )
        self._beside_times = Patterns(
            [
                *language.compiled("so_far", {"": table.so_far}),
                *language.compiled("so_far_today", {"": table.so_far_today}),
                *language.compiled("rate", {"day": table.rates}),
                *language.compiled("other_rate", {"": table.other_rates}),
                *language.compiled("mask", {why.value: phrases for why, phrases in table.masks.items()}),
                *language.compiled("compared", {"": table.compared}),
                *language.compiled("same_time", {"": table.same_time}),
            ]
        )
        self._references = [*language.compiled("reference", table.change.references)]
        citizens = [
            pattern
            for code, (name, people, adjective) in language.countries.items()
            for pattern in self._citizens_of(code, name, people, adjective)
        ]
        self._counted = Patterns(
            [
                *citizens,
                *language.compiled("people", table.populations),
                *language.compiled("vehicles", {"vehicles": table.vehicles}),
                *language.compiled("thing", {why.value: each for why, each in table.things.items()}),
            ]
        )
        kinds = [name for name in table.events.__struct_fields__ if name != "moves"]
        events = [
            *language.compiled("event", {name: getattr(table.events, name) for name in kinds}),
            *language.compiled("segment", {why.value: each for why, each in table.segment.items()}),
            *language.compiled("sentence", {why.value: each for why, each in table.sentence.items()}),
            *language.compiled(
                "voice",
                {
                    "unnamed": table.unnamed,
                    "media": table.media,
                    "unconfirmed": table.unconfirmed,
                    "unproven": table.unproven,
                },
            ),
        ]
        self._events = Patterns(events)
        self._bodies = [(name, language.any_of(phrases)) for name, phrases in table.speakers.items()]
        self._nations = language.any_of(table.nations)
        self._of_nation = re.compile(rf"(?:{alternatives(table.of_nation)})\Z", re.IGNORECASE)
        self._words = Patterns(
            [
                *language.compiled("normal", {"": table.normal}),
                *language.compiled("respectively", {"": table.respectively}),
                *language.compiled("event", {"cross": table.events.moves}),
                *language.compiled("total", {"": table.totals}),
                *language.compiled("likewise", {"": table.likewise}),
                *language.compiled("version", {"": table.versions}),
                *language.compiled("further", {"": table.further}),
                *language.compiled("refuge", {"": table.refuge}),
                *language.compiled("overall", {"": table.overall}),
            ]
        )

    def _citizens_of(self, code: str, name: str, people: str, adjective: str) -> Iterator[Pattern]:
        case = self.language.table.case_adjectives
        if people:
            yield Pattern.of("citizens", code, self.language.compile(f"(?-i:{people})" if case else people))
        for phrase in self.language.table.citizens if name else []:
            if "{adjective}" in phrase and not adjective:
                continue
            adjectives = f"(?-i:{adjective})" if case else f"(?:{adjective})"
            filled = phrase.replace("{adjective}", adjectives).replace("{name}", f"(?-i:{name})")
            yield Pattern.of("citizens", code, self.language.compile(filled))

    def scan(self, text: str, times: Times) -> Sheet:
        """The sheet of a text with all marks."""
        sheet = Sheet(text)
        sheet.put(self._plain(text, self._asides))
        sheet.put(
            [
                *self._timed(text, times),
                *self._changes(text),
                *self._plain(text, self._beside_times),
            ]
        )
        self.numbers.mark(sheet)
        self.places.mark_goals(sheet)
        self.places.mark_speakers(sheet)
        sheet.put(self._plain(text, self._counted))
        self.places.mark(sheet)
        self._also_citizens(sheet)
        self._listed_nations(sheet)
        sheet.put(self._plain(text, self._events))
        sheet.put(self._plain(text, self._words))
        self.clauses.set_aside(sheet)
        return sheet

    def _plain(self, text: str, patterns: Patterns) -> Iterator[TextMark]:
        for pattern, match in patterns.scan(text):
            yield TextMark(match.start(), match.end(), pattern.kind, pattern.value)

    def speakers(self, sheet: Sheet) -> list[tuple[int, str]]:
        """Who speaks in a sentence: where each stands, and the code of a country in small letters or a body's name."""
        bodies = [(match.start(), name) for name, body in self._bodies for match in body.finditer(sheet.text)]
        places = [mark for mark in sheet.of("place") if mark.value.role is PlaceRole.SPEAKER and mark.value.code]
        return sorted([*bodies, *((mark.start, mark.value.code.lower()) for mark in places)])

    def _also_citizens(self, sheet: Sheet) -> None:
        """A country joined to another whose citizens are counted: "citizens of Lithuania and Latvia"."""
        for left, other in pairwise([mark for mark in sheet.marks if mark.kind in ("citizens", "place")]):
            named = left.kind == "citizens" and " " in sheet.text[left.start : left.end] and other.kind == "place"
            if named and other.value.code and self.places.joined.fullmatch(sheet.text[left.end : other.start]):
                sheet.marks[sheet.marks.index(other)] = other._replace(kind="citizens", value=other.value.code)

    def _listed_nations(self, sheet: Sheet) -> None:
        """Countries of a list that counts citizens: "74,118 citizens of Russia entered, 72,904 of Turkey".

        So are all countries beside figures below a heading: "citizens of the following countries entered: Turkey 540".
        """
        text = sheet.text
        begins = min((mark.end for mark in sheet.of("citizens") if " " in text[mark.start : mark.end]), default=None)
        heading = self._nations.search(text)
        for mark in sheet.of("place"):
            if mark.value.role is not PlaceRole.BARE or mark.value.code is None or not self._beside(sheet, mark):
                continue
            listed = begins is not None and begins < mark.start and self._of_nation.search(text, mark.start, mark.end)
            if listed or (heading is not None and heading.end() <= mark.start):
                sheet.marks[sheet.marks.index(mark)] = mark._replace(kind="citizens", value=mark.value.code)

    def _beside(self, sheet: Sheet, place: TextMark) -> bool:
        """Whether only a dash, a colon or the like stands between a place and a figure."""
        text = sheet.text
        before = next((mark.end for mark in reversed(sheet.of("number")) if mark.end <= place.start), None)
        behind = next((mark.start for mark in sheet.of("number") if mark.start >= place.end), None)
        ahead = before is not None and _LEADS.fullmatch(text[before : place.start])
        return bool(ahead) or (behind is not None and _LEADS.fullmatch(text[place.end : behind]) is not None)

    def _timed(self, text: str, times: Times) -> Iterator[TextMark]:
        for pattern, match in self._periods.scan(text):
            resolved = times.resolve(pattern.value, captured(match))
            if resolved is not None:
                yield TextMark(match.start(), match.end(), "period", resolved)

    def period(self, text: str, times: Times) -> StatedPeriod | None:
        """The first exact period of a text that is otherwise skipped."""
        periods = (mark.value for mark in self._timed(text, times))
        return next((period for period in periods if isinstance(period, StatedPeriod) and not period.vague), None)

    def _changes(self, text: str) -> Iterator[TextMark]:
        for pattern, match in self._change.scan(text):
            taken = dict(captured(match))
            percent = {"doubled": 100.0, "halved": -50.0}.get(pattern.value)
            if percent is None:
                percent = float(taken["percent"].replace(",", ".")) * (1 if pattern.value == "up" else -1)
            unit, number = self._against(taken.get("reference"))
            if pattern.value in ("doubled", "halved") and "reference" not in taken:
                unit = "same"  # "doubled last week" is against the week before
            yield TextMark(match.start(), match.end(), "change", Change(percent, unit, number))

    def _against(self, reference: str | None) -> tuple[str | None, int | None]:
        for pattern in self._references if reference else []:
            match = pattern.regex.fullmatch(reference or "")
            if match:
                named = dict(captured(match))
                if "month" in named:
                    return pattern.value, index(self.language.table.months, named["month"]) + 1
                if "weekday" in named:
                    return pattern.value, self.language.weekday(named["weekday"])
                return pattern.value, self.language.number(named["n"]) if "n" in named else None
        return None, None
