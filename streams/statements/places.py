"""Places in a text, and what each is to the movement: where it begins, where it ends, what it passes."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from streams.statements.gazetteer import Checkpoint, Gazetteer
from streams.statements.language import Language, alternatives
from streams.statements.marks import Mark, Sheet
from streams.statements.needles import fold, may_match, needles_of


class Role(enum.StrEnum):
    """What a place is to the movement, by the words around it. BARE says nothing: an object, or who speaks."""

    ORIGIN = "origin"
    INTO = "into"
    WITHIN = "within"
    BORDER = "border"
    SPEAKER = "speaker"
    BARE = "bare"


class Place(NamedTuple):
    """A country or bloc by its code, a checkpoint by its slug, or (`home`) the country of whoever speaks.

    `again`: the place spoken of before ("from there"). `region`: only a part of the country is meant. `joined`: one
    of several ("to Armenia and Turkey"), with the role of the first.
    """

    role: Role
    code: str | None = None
    slug: str = ""
    checkpoint: Checkpoint | None = None
    region: bool = False
    home: bool = False
    again: bool = False
    joined: bool = False


class Places:
    """Finds the places of a text in one language."""

    def __init__(self, language: Language, gazetteer: Gazetteer) -> None:
        roles = language.table.roles
        code = language.code
        self._names: list[tuple[re.Pattern[str], Place]] = []
        for slug, point in gazetteer.checkpoints.items():
            self._add(point.names.get(code, []), Place(Role.BARE, None, slug, point))
        for region in gazetteer.regions.values():
            self._add(region.names.get(code, []), Place(Role.BARE, region.country, region=True))
        for country, (name, *_) in language.countries.items():
            self._add([name] if name else [], Place(Role.BARE, country))
        home = [re.compile(rf"(?<!\w)(?:{alternatives(language.table.home)})(?!\w)", re.IGNORECASE)]
        there = [re.compile(rf"(?<!\w)(?:{alternatives(language.table.there)})(?!\w)", re.IGNORECASE)]
        self._names += [(regex, Place(Role.BARE, home=True)) for regex in home]
        self._names += [(regex, Place(Role.BARE, again=True)) for regex in there]
        self._adjectives = [
            (re.compile(f"(?-i:{one[2]})" if language.table.case_adjectives else one[2], re.IGNORECASE), country)
            for country, one in language.table.countries.items()
            if one[2]
        ]
        self._adjective = re.compile(rf"(?<!\w)(?:{language.parts['adjective']})(?!\w)", re.IGNORECASE)
        self._before = {
            Role.BORDER: language.ending(roles.border),
            Role.ORIGIN: language.ending(roles.origin),
            Role.INTO: language.ending(roles.into),
            Role.WITHIN: language.ending([*roles.via, *roles.within]),
        }
        self._and = re.compile(rf"\s*(?:{alternatives(language.table.joins)})\s*", re.IGNORECASE)
        self._border_after = language.beginning(roles.border_after)
        self._speaker_after = language.beginning(roles.speaker_after)

    def _add(self, names: list[str], place: Place) -> None:
        if names:
            # Case matters: Turkey is a country, and turkey is none.
            self._names.append((re.compile(rf"(?<!\w)(?:{alternatives(names)})(?!\w)"), place))

    def mark(self, sheet: Sheet) -> None:
        """Put a mark of kind `place` on every place."""
        sheet.put([*self._named(sheet.text), *self._by_adjective(sheet.text)])
        places = sheet.of("place")
        for one, other in pairwise(places):
            if other.value.role is Role.BARE and self._and.fullmatch(sheet.text[one.end : other.start]):
                sheet.replace(
                    other, other.value._replace(role=one.value.role, joined=one.value.role is not Role.BORDER)
                )

    def _named(self, text: str) -> Iterator[Mark]:
        folded = fold(text)
        for regex, place in self._names:
            if not may_match(needles_of(regex), folded):
                continue
            for match in regex.finditer(text):
                before = text[max(0, match.start() - 40) : match.start()]
                role = next((role for role, pattern in self._before.items() if pattern.search(before)), Role.BARE)
                if role is Role.BARE and self._border_after.match(text, match.end()):
                    role = Role.BORDER
                elif role is Role.BARE and self._speaker_after.match(text, match.end()):
                    role = Role.SPEAKER
                yield Mark(match.start(), match.end(), "place", place._replace(role=role))

    def _by_adjective(self, text: str) -> Iterator[Mark]:
        """A country by its adjective: "the Russian border", "Polish guards"."""
        for match in self._adjective.finditer(text):
            code = next((code for regex, code in self._adjectives if regex.fullmatch(match[0])), None)
            for role, after in ((Role.BORDER, self._border_after), (Role.SPEAKER, self._speaker_after)):
                behind = after.match(text, match.end())
                if behind:
                    yield Mark(match.start(), behind.end(), "place", Place(role, code))
                    break
