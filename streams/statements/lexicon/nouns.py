"""Nouns: what a figure counts (a population, vehicles, something else, or people by an unknown word)."""

from __future__ import annotations

import re
from typing import NamedTuple

from bordertally.streams.statements.lexicon.language import Language, alternatives
from bordertally.streams.statements.lexicon.marks import Sheet, TextMark
from bordertally.streams.statements.lexicon.places import PlaceRole
from bordertally.streams.statements.records import Span, Why

_COUNTED = ("people", "citizens", "vehicles", "thing")
_PAUSE = re.compile("[,;:.()\u2013\u2014]")

_ALSO_PEOPLE = (Why.STAFF, Why.DRAFT)
_WAYS = (PlaceRole.ORIGIN, PlaceRole.INTO, PlaceRole.BARE)
_AT_ONCE = 12
"""Characters between a noun and its verb at most: " have already "."""
_STOP = re.compile("[,;:.()]")
_LEADS = re.compile(r"\s*(?:[-(\u2013\u2014]|\bof\b)\s*")


class Noun(NamedTuple):
    """The noun of a figure: a population or vehicles with its mark, or the reason why it counts neither.

    `joined`: several populations are counted together ("women and children"), so it is none of them. `unknown`: a word
    that no table has and that does not look like one for people. `bare`: nothing is said of it beside the figure.
    """

    population: str | None = None
    unit: str = "people"
    mark: TextMark | None = None
    citizens: str | None = None
    why: Why | None = None
    joined: bool = False
    unknown: bool = False
    bare: bool = False


class Nouns:
    """Finds the nouns of figures in one language."""

    def __init__(self, language: Language) -> None:
        table = language.table
        self._bare = language.beginning(table.bare)
        self._joins = re.compile("|".join(table.joins), re.IGNORECASE)
        self._persons = re.compile(rf"(?:{alternatives(table.persons)})\Z", re.IGNORECASE)
        self._adjective = re.compile(rf"(?<!\w)(?:{language.parts['adjective']})\s+(?:\w+\s+)?\Z", re.IGNORECASE)
        self._adjectives = [
            (re.compile(rf"(?:{patterns[2]})(?!\w)", 0 if table.case_adjectives else re.IGNORECASE), code)
            for code, patterns in table.countries.items()
            if patterns[2]
        ]
        self._beside = language.ending(table.beside)
        self._towards = language.ending(table.roles.into)  # "4,500 blankets to people" counts blankets

    def of(self, sheet: Sheet, figure: TextMark, span: Span) -> Noun:
        """The noun of a figure: the noun after it, else the noun before it in its part of the sentence, if any."""
        noun = self.behind(sheet, figure, span.end)
        if noun is not None:
            if noun.population == "people" and noun.citizens is None and not noun.unknown:
                both = self._ahead(sheet, figure) or self._of_both(sheet, figure)
                noun = noun if both.citizens is None else both
            return noun._replace(joined=self._joined(sheet, noun))
        people = [mark for kind in ("people", "citizens") for mark in sheet.of(kind, span) if mark.end != figure.end]
        before = [mark for mark in people if mark.end <= figure.start]
        behind = [mark for mark in people if not _STOP.search(sheet.text[figure.end : mark.start])]
        mark = max(before, key=lambda other: other.start) if before else min(behind, default=None)
        if mark is None:
            return self._of_both(sheet, figure)
        return self._of_nation(_counted(mark), sheet.text, mark.start)

    def of_movement(self, sheet: Sheet, figure: TextMark, event: TextMark | None, ended: bool) -> bool:
        """Whether a word of movement beside a figure shows that it counts people: "27,250 arrivals from Sudan".

        A verb shows it where the places say from where or to where (`ended`): "29,116 entered Georgia from Russia".
        """
        if event is None:
            return False
        gap = sheet.text[figure.end : event.start] or sheet.text[event.end : figure.start]
        if ended and all(self._bare.fullmatch(" " + word) for word in gap.split()):
            return True
        if sheet.text[figure.end : event.start].strip():
            return False
        return bool(self._persons.search(sheet.text, event.start, event.end))

    @staticmethod
    def _ahead(sheet: Sheet, figure: TextMark) -> Noun | None:
        """The citizens named in front of a figure, in a list that counts them: "Turkey - 540 people"."""
        for mark in reversed(sheet.of("citizens")):
            if mark.end <= figure.start:
                return _counted(mark) if _LEADS.fullmatch(sheet.text[mark.end : figure.start]) else None
        return None

    def _of_both(self, sheet: Sheet, figure: TextMark) -> Noun:
        """The noun of a figure that the next figure shares: "41,318 entered and 38,907 Uzbeks left".

        The same applies to citizens beside others: "1,522 citizens and 410 non-citizens of Latvia".
        """
        numbers = sheet.of("number")
        following = next((number for number in numbers if number.start >= figure.end), None)
        if following is None:
            return Noun()
        between = [mark for mark in sheet.marks if figure.end <= mark.start < following.start]
        gap = sheet.text[figure.end : following.start]
        for mark in between:
            gap = gap.replace(sheet.text[mark.start : mark.end], "", 1)
        noun = self.behind(sheet, following, len(sheet.text))
        alike = {mark.kind for mark in between} in ({"event"}, {"people"})
        joined = alike and gap.strip() != "," and self._joins.fullmatch(" ".join(gap.split()))
        return noun if noun is not None and noun.citizens is not None and noun.mark and joined else Noun()

    def _of_nation(self, noun: Noun, text: str, at: int) -> Noun:
        """The noun with the nation of an adjective before it (at `at`): "Syrian refugees"."""
        if noun.citizens is not None or noun.why is not None:
            return noun
        match = self._adjective.search(text[max(0, at - 40) : at])
        if match is None:
            return noun
        return noun._replace(
            citizens=next((code for adjective, code in self._adjectives if adjective.match(match[0])), None)
        )

    def behind(self, sheet: Sheet, figure: TextMark, end: int) -> Noun | None:
        """The noun directly after a figure; None if there is none."""
        nxt = next(
            (mark for mark in sheet.marks if mark.start >= figure.end and mark.kind not in ("state", "refuge")), None
        )
        gap = sheet.text[figure.end : min(end, nxt.start if nxt else end)]
        words = gap.split()
        bare = bool(words) and bool(self._bare.match(" " + gap.strip()))
        near = nxt is not None and nxt.start < end and len(words) <= 3 and not bare and not _PAUSE.search(gap)
        near = near and not (words[:1] and words[0].islower() and self._towards.search(gap.rstrip()))
        if nxt is not None and near and nxt.kind in _COUNTED:
            return self._of_nation(_counted(nxt), sheet.text, nxt.start)
        if not words or bare or not words[0][0].isalpha():
            return None
        if nxt is not None and near and nxt.kind == "event" and self._persons.match(sheet.text[nxt.start : nxt.end]):
            return Noun("people")  # "45,755 small boat arrivals"
        head = self._head(gap)
        noun = Noun("people") if self._persons.match(head) else Noun(unknown=True)
        return self._of_nation(noun, sheet.text, figure.end + gap.find(head))

    def end(self, sheet: Sheet, figure: TextMark, end: int) -> int:
        """The end of an unknown noun after a figure; the end of the figure if no noun follows."""
        noun = self.behind(sheet, figure, end)
        gap = sheet.text[figure.end : end]
        return figure.end + (0 if noun is None or noun.mark else gap.find(self._head(gap)) + len(self._head(gap)))

    def beside(self, sheet: Sheet, figure: TextMark) -> bool:
        """Whether a figure counts things that people brought or used ("in 27 boats")."""
        return bool(self._beside.search(sheet.text[max(figure.start - 20, 0) : figure.start]))

    def _head(self, gap: str) -> str:
        """The last word of a noun phrase: "passport holders" is about holders."""
        head = ""
        for word in _PAUSE.split(gap)[0].split():
            if self._bare.fullmatch(" " + word):
                break
            head = word
        return head

    def _joined(self, sheet: Sheet, noun: Noun) -> bool:
        """Whether another population follows after "and"."""
        if noun.mark is None or noun.population in (None, "people"):
            return False
        end = noun.mark.end
        behind = [mark for mark in sheet.marks if mark.kind in ("people", "citizens") and mark.start >= end]
        return bool(behind) and bool(self._joins.fullmatch(sheet.text[end : behind[0].start].strip()))


def _counted(mark: TextMark) -> Noun:
    match mark.kind:
        case "citizens":
            return Noun(f"citizens:{mark.value}", mark=mark, citizens=mark.value)
        case "vehicles":
            return Noun("people", "vehicles", mark)
        case "thing":
            return Noun(mark=mark, why=Why(mark.value))
        case _:
            return Noun(mark.value, mark=mark)
