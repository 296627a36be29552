"""Places in a text, and the role of each in the movement: origin, destination, or a place on the way."""

from __future__ import annotations

import enum
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from bordertally.streams.statements.lexicon.gazetteer import (
    Checkpoint,
    Gazetteer,
    name_pattern,
    needles_of_names,
    words_of,
)
from bordertally.streams.statements.lexicon.language import Language, alternatives
from bordertally.streams.statements.lexicon.marks import Sheet, TextMark
from bordertally.streams.statements.lexicon.prefilter import Sieve, fold, needles_of

_ARROWS = ("->", "-->", "=>", ">", "\u2192", "\u2014>", "\u2013>", "\u21d2")
"""Between two places: from the first to the second."""


_PAIRS = ("-", "\u2013", "/")
"""Between the two countries of a border."""

_CAPITALS = re.compile(
    r"(?:(?![a-z\u0430-\u044f\u0451])[^\W\d_]){3,}(?:[ -](?:(?![a-z\u0430-\u044f\u0451])[^\W\d_]){2,})*(?!\w)"
)
"""One word or several in capitals."""


class PlaceRole(enum.StrEnum):
    """The role of a place in the movement, by the words around it. BARE: no role is stated."""

    ORIGIN = "origin"
    INTO = "into"
    WITHIN = "within"
    BORDER = "border"
    SPEAKER = "speaker"
    BARE = "bare"


class NamedPlace(NamedTuple):
    """A country or bloc by its code, a checkpoint by its slug, or (`home`) the country of whoever speaks.

    `again`: the place spoken of before ("from there"). `region`: only a part of the country is meant. `joined`: one
    of several ("to Armenia and Turkey"), with the role of the first. `unknown`: a name that no table has.
    `anywhere`: no one country ("into neighbouring countries"). `homeward`: the country of the people's nationality.
    `same`: the checkpoint spoken of before ("there", "the same way"); `thither`: where those before came from.
    `through`: perhaps only passed ("via Romania"). `side`: the side of a checkpoint that a name belongs to.
    `edge`: the only checkpoint of a region, and `across` the country behind it.
    """

    role: PlaceRole
    code: str | None = None
    slug: str = ""
    checkpoint: Checkpoint | None = None
    region: bool = False
    home: bool = False
    again: bool = False
    joined: bool = False
    unknown: bool = False
    anywhere: bool = False
    homeward: bool = False
    same: bool = False
    thither: bool = False
    through: bool = False
    side: str | None = None
    edge: str = ""
    across: str | None = None

    @property
    def sides(self) -> tuple[str, ...]:
        """The countries of a checkpoint; empty for any other place."""
        return () if self.checkpoint is None else self.checkpoint.sides


def _named(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)")  # case matters: Turkey is a country, and turkey is none


class Places:
    """Finds the places of a text in one language."""

    def __init__(self, language: Language, gazetteer: Gazetteer) -> None:
        roles = language.table.roles
        code = language.code
        self.neighbours = gazetteer.neighbours
        self._names: list[tuple[re.Pattern[str] | None, NamedPlace]] = []
        self._lists: dict[int, list[str]] = {}
        for slug, point in gazetteer.checkpoints.items():
            for side, names in zip(point.sides, point.by_side, strict=True):
                self._named_so(names.get(code, []), NamedPlace(PlaceRole.BARE, None, slug, point, side=side))
        for water in gazetteer.waters:
            self._named_so(water.names.get(code, []), NamedPlace(PlaceRole.BARE, None, "", water))
        for region in gazetteer.regions:
            edge, across = gazetteer.only_way_out(region)
            place = NamedPlace(PlaceRole.BARE, region.country, region=True, edge=edge, across=across)
            self._named_so(region.names.get(code, []), place)
        often = Counter(word for names in self._lists.values() for word in words_of(names))
        needles = [needles_of_names(names, often) for names in self._lists.values()]
        plain = [
            (_named(name), NamedPlace(PlaceRole.BARE, code)) for code, (name, *_) in language.countries.items() if name
        ]
        home = [re.compile(rf"(?<!\w)(?:{alternatives(language.table.home)})(?!\w)", re.IGNORECASE)]
        there = [re.compile(rf"(?<!\w)(?:{alternatives(language.table.there)})(?!\w)", re.IGNORECASE)]
        plain += [(regex, NamedPlace(PlaceRole.BARE, home=True)) for regex in home]
        plain += [(regex, NamedPlace(PlaceRole.BARE, again=True)) for regex in there]
        self._names += plain
        self._sieve = Sieve([*needles, *(needles_of(regex) for regex, _ in plain)])
        self._adjectives = [
            (
                re.compile(f"(?-i:{patterns[2]})" if language.table.case_adjectives else patterns[2], re.IGNORECASE),
                country,
            )
            for country, patterns in language.table.countries.items()
            if patterns[2]
        ]
        self._adjective = re.compile(rf"(?<!\w)(?:{language.parts['adjective']})(?!\w)", re.IGNORECASE)
        self._other_side = re.compile(
            rf"[-\u2013](?:{language.parts['adjective']})(?:{language.nameless(alternatives(roles.border_after))})",
            re.IGNORECASE,
        )
        self._before = {
            PlaceRole.SPEAKER: language.ending(roles.speaker_before),
            PlaceRole.BORDER: language.ending(roles.border),
            PlaceRole.ORIGIN: language.ending(roles.origin),
            PlaceRole.INTO: language.ending(roles.into),
            PlaceRole.WITHIN: language.ending([*roles.via, *roles.within]),
        }
        self._whence = language.ending(roles.whence)
        self._through = language.ending(roles.through)
        self.joined = re.compile(rf"\s*(?:{alternatives(language.table.joins)})\s*", re.IGNORECASE)
        self._with = re.compile(rf"\s*(?:{alternatives(roles.border_with)})\s*", re.IGNORECASE)
        self._behind = {
            PlaceRole.BORDER: language.beginning(roles.border_after),
            PlaceRole.SPEAKER: language.beginning(roles.speaker_after),
        }
        self._part = language.beginning(roles.part_after)
        self._others = language.beginning(roles.others)
        self._part_of = language.ending(roles.part_before)
        self._says = language.ending(language.table.says)
        self._territory = language.beginning(roles.territory_after)
        self._goals = [
            (language.any_of(roles.anywhere), NamedPlace(PlaceRole.INTO, anywhere=True)),
            (language.any_of(roles.homeward), NamedPlace(PlaceRole.INTO, homeward=True)),
            (language.any_of(roles.thither), NamedPlace(PlaceRole.INTO, thither=True, same=True)),
            (language.any_of(roles.same), NamedPlace(PlaceRole.BARE, same=True)),
        ]
        name = rf"(?!(?:{alternatives(roles.bodies)})(?!\w))(?P<name>(?-i:{roles.name}))"
        self._sections = [
            re.compile(
                rf"(?<!\w)(?:{language.nameless(section.replace('{place}', roles.section_name))})", re.IGNORECASE
            )
            for section in roles.sections
        ]
        self._section_sieve = Sieve(needles_of(section) for section in self._sections)
        self._offices = re.compile(
            rf"(?<!\w)(?:{language.nameless(alternatives(roles.offices))})\s+{name}", re.IGNORECASE
        )
        self._another = re.compile(rf"\s+(?:{alternatives(roles.besides)})\s+{name}", re.IGNORECASE)
        self._unknown = {
            role: re.compile(rf"(?<!\w)(?:{language.nameless(alternatives(phrases))})\s+{name}", re.IGNORECASE)
            for role, phrases in (
                (PlaceRole.ORIGIN, roles.origin),
                (PlaceRole.INTO, roles.into),
                (PlaceRole.WITHIN, roles.at),
            )
        }
        crossing = language.nameless(alternatives(roles.crossing_after))
        self._structure = re.compile(
            rf"(?<!\w)(?:{language.nameless(alternatives(roles.via))})\s+{name}(?={crossing}(?!\w))", re.IGNORECASE
        )

    def _named_so(self, names: list[str], place: NamedPlace) -> None:
        if names:
            self._lists[len(self._names)] = names
            self._names.append((None, place))

    def _pattern(self, index: int) -> re.Pattern[str]:
        """The pattern of a name, compiled only when a text may contain the name."""
        regex, place = self._names[index]
        if regex is None:
            regex = _named(name_pattern(self._lists[index]))
            self._names[index] = regex, place
        return regex

    def mark_goals(self, sheet: Sheet) -> None:
        """Add a mark of kind `place` for every destination without a name: "into neighbouring countries", "home"."""
        for pattern, place in self._goals:
            sheet.put([TextMark(match.start(), match.end(), "place", place) for match in pattern.finditer(sheet.text)])

    def mark_speakers(self, sheet: Sheet) -> None:
        """Add a mark of kind `place` for every authority of a country that is a speaker: "Polish guards"."""
        counted = {mark.end + 1 for mark in sheet.of("number")}
        spoken = [mark for mark in self._by_adjective(sheet.text) if mark.value.role is PlaceRole.SPEAKER]
        sheet.put([mark for mark in spoken if mark.start not in counted])

    def mark(self, sheet: Sheet) -> None:
        """Add a mark of kind `place` for every place."""
        sheet.put(self._parts_of_borders(sheet.text))
        sheet.put([*self._named(sheet.text), *self._by_adjective(sheet.text)])
        sheet.put([*self._nobody_knows(sheet.text, sheet)])
        places = sheet.of("place")
        for left, other in pairwise(places):
            between = sheet.text[left.end : other.start]
            if left.value.checkpoint and other.value.code in left.value.checkpoint.sides and between.strip() == ",":
                continue  # "Renk, South Sudan": where it is
            if left.value.role is PlaceRole.BORDER and self._with.fullmatch(between):
                sheet.replace(other, other.value._replace(role=PlaceRole.BORDER))
                continue
            if other.value.role is PlaceRole.BORDER and left.value.role is PlaceRole.BARE and between in _PAIRS:
                sheet.replace(left, left.value._replace(role=PlaceRole.BORDER))  # "the Canada-U.S. border"
                continue
            if between.strip() in _ARROWS:
                sheet.replace(left, left.value._replace(role=PlaceRole.ORIGIN))
                sheet.replace(other, other.value._replace(role=PlaceRole.INTO))
                continue
            if other.value.checkpoint and (left.value.code or left.value.slug == other.value.slug):
                continue
            again = other.value.code == left.value.code is not None  # "into Syria, Syria's migration directorate said"
            if other.value.role is PlaceRole.BARE and self.joined.fullmatch(between) and not again:
                sheet.replace(
                    other, other.value._replace(role=left.value.role, joined=left.value.role is not PlaceRole.BORDER)
                )

    def _named(self, text: str) -> Iterator[TextMark]:
        for index in self._sieve.may_match(fold(text)):
            place = self._names[index][1]
            for match in self._pattern(index).finditer(text):
                partly = self._part_of.search(text[max(0, match.start() - 40) : match.start()])
                at = match.start() - (len(partly[0]) if partly else 0)
                role = self._role(text, at)
                if self._whence.search(text, max(0, match.start() - 20), match.end()):
                    role = PlaceRole.ORIGIN
                if role is PlaceRole.BARE:
                    role, _ = self._by_what_follows(text, match.end())
                through = place.checkpoint is None and bool(
                    self._through.search(text[max(0, match.start() - 40) : match.start()])
                )
                part = partly or self._part.match(text, match.end())
                region = place.region or (place.checkpoint is None and part is not None)
                others = place.checkpoint is not None and self._others.match(text, match.end()) is not None
                placed = place._replace(role=role, through=through, region=region, joined=others)
                yield TextMark(match.start(), match.end(), "place", placed)

    def heading(self, text: str) -> TextMark | None:
        """The checkpoint in capitals at the head of a text: "BEITBRIDGE - The border authority says"."""
        head = _CAPITALS.match(text)
        named = self._named(head[0].title()) if head is not None else []
        points = [mark for mark in named if mark.value.checkpoint is not None]
        return points[0] if len({mark.value.slug for mark in points}) == 1 else None

    def named(self, text: str) -> set[str]:
        """The countries that a text names."""
        return {mark.value.code for mark in self._named(text) if mark.value.code is not None and not mark.value.region}

    def _role(self, text: str, start: int) -> PlaceRole:
        before = text[max(0, start - 40) : start]
        return next((role for role, pattern in self._before.items() if pattern.search(before)), PlaceRole.BARE)

    def _by_what_follows(self, text: str, end: int) -> tuple[PlaceRole, int]:
        """The role that the longest match of the words after a place gives: "Poland's border" or its border guard."""
        ends = {role: match.end() for role, after in self._behind.items() if (match := after.match(text, end))}
        return max(ends.items(), key=lambda ending: ending[1], default=(PlaceRole.BARE, end))

    def _by_adjective(self, text: str) -> Iterator[TextMark]:
        """A country that is named by its adjective: "the Russian border", "Polish guards", "to the Finnish side"."""
        for match in self._adjective.finditer(text):
            code = next((code for regex, code in self._adjectives if regex.fullmatch(match[0])), None)
            role, end = self._by_what_follows(text, match.end())
            territory = self._territory.match(text, match.end())
            if role is PlaceRole.BARE and territory:
                role, end = self._role(text, match.start()), territory.end()
                role = PlaceRole.ORIGIN if self._whence.search(text, max(0, match.start() - 20), end) else role
            if end > match.end():
                yield TextMark(match.start(), end, "place", NamedPlace(role, code))
            elif self._other_side.match(text, match.end()):  # "the Polish-Ukrainian border" is one of both
                yield TextMark(match.start(), match.end(), "place", NamedPlace(PlaceRole.BORDER, code))

    def _parts_of_borders(self, text: str) -> Iterator[TextMark]:
        """A part of a border without the name of a country: "over the Brest section of the border"."""
        for index in self._section_sieve.may_match(fold(text)):
            for match in self._sections[index].finditer(text):
                names = match["name"].split("-")
                countries = all(any(adjective.fullmatch(name) for adjective, _ in self._adjectives) for name in names)
                if not countries and not self._adjective.fullmatch(match["name"]):
                    yield TextMark(
                        match.start("name"), match.end("name"), "place", NamedPlace(PlaceRole.WITHIN, unknown=True)
                    )

    def _nobody_knows(self, text: str, sheet: Sheet | None = None) -> Iterator[TextMark]:
        """Names of places that no table contains: "at Adré", "into Rzeszów"."""
        for mark in [] if sheet is None else sheet.of("place"):
            match = self._another.match(text, mark.end) if mark.value.checkpoint is not None else None
            if match is not None:
                yield TextMark(
                    match.start("name"), match.end("name"), "place", NamedPlace(PlaceRole.WITHIN, unknown=True)
                )
        named_so = ((PlaceRole.WITHIN, self._structure), (PlaceRole.SPEAKER, self._offices))
        for role, pattern in (*self._unknown.items(), *named_so):
            for match in pattern.finditer(text):
                attribution = self._says.search(
                    text[max(0, match.start() - 20) : match.start()]
                )  # "according to Greek police"
                if not attribution and not self._adjective.match(text, match.start("name")):
                    yield TextMark(match.start("name"), match.end("name"), "place", NamedPlace(role, unknown=True))
