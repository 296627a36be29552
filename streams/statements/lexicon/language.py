"""A language as the reader knows it: tables of patterns, read from TOML, compiled once.

Patterns are regular expressions in which `{name}` stands for something every language has: a date, a number, a
country. So a language is a file of words and phrases; no code knows any of them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec
from msgspec import Struct, field

from bordertally.streams.errors import ConfigError, shown
from bordertally.streams.qualifiers import Qualifier
from bordertally.streams.statements.lexicon.prefilter import Needles, needles_of
from bordertally.streams.statements.records import Why

Phrases = list[str]


class NumberTable(Struct, forbid_unknown_fields=True, frozen=True):
    """How numbers are written. `vague` words count as their least value; `zero` words mean nobody.

    `fractions` stand before a magnitude ("half a"), `halves` before or behind one ("and a half"), `beyond` before one
    ("300 odd thousand"). `joints` join what follows a magnitude ("two hundred and fifty"). `inverted`: magnitudes that
    make the figure behind them rough ("тысяч двадцать"). `endings` of figures in digits ("12-ти"). `labels`: what
    stands before a number that counts nothing ("No. 300"). `multiples`, and parts, of a figure ("twice as many as 300",
    "200 of the 300"); `wholes` stand behind one that is itself what crossed ("29,000 of the 53,000 people who came").
    """

    thousands: str
    decimal: str
    words: dict[str, int]
    magnitudes: dict[str, int]
    vague: dict[str, int]
    zero: Phrases
    ranges: Phrases
    fractions: dict[str, float] = field(default_factory=dict)
    halves: Phrases = field(default_factory=list)
    beyond: Phrases = field(default_factory=list)
    joints: Phrases = field(default_factory=list)
    inverted: Phrases = field(default_factory=list)
    endings: Phrases = field(default_factory=list)
    labels: Phrases = field(default_factory=list)
    multiples: Phrases = field(default_factory=list)
    wholes: Phrases = field(default_factory=list)


class EventTable(Struct, forbid_unknown_fields=True, frozen=True):
    """Words of movement. `entry` and `exit` as seen from a country, `cross` without a side.

    `out`: an exit that names only a direction ("on exit"). `back`: to where people came from. `other_way`: against
    those spoken of before. `moves`: what a verb of movement looks like that no table has. `takes`: what a country does
    with those who enter ("let in"), and `driven` what happens to people where they are ("fighting drove"): the figure
    stands behind it. `trips`: crossings as they are counted, either way.
    """

    entry: Phrases
    takes: Phrases
    exit: Phrases
    out: Phrases
    driven: Phrases
    trips: Phrases
    cross: Phrases
    back: Phrases
    other_way: Phrases
    moves: Phrases


class RoleTable(Struct, forbid_unknown_fields=True, frozen=True):
    """What stands before (or, `after`, behind) a place and says what it is to the movement.

    `border_with`: between the two countries of a border.
    `anywhere`: whole phrases for a goal that is no one country ("into neighbouring countries"). `homeward`: where
    people of a nationality go back to; `thither`: to where those before came from; `same`: the checkpoint spoken of
    before. `through`: a country behind it is perhaps only passed. `part_before`, `part_after`: only a part is meant.
    `whence`, `whither`: an origin or goal with its name, where what stands before it has other meanings. `at`: what
    stands before a checkpoint or a town. `others`: more places of its kind behind one ("Lo Wu and other crossings").
    `offices`: whose towns are none, whatever their names; `handed`: before those to whom people are given over;
    `forced`, `forced_back`: in front of and behind the figure of those who were sent back.
    `seat_before`: an office whose town is no place of a movement; so is one `in_town` with `seat_after` behind it, and
    not with `crossing_after`. `sections`: phrases for a part of a border, `{place}` being a `section_name`.
    `name`: what a name looks like that the gazetteer does not know; `bodies`:
    names that are no places.
    """

    origin: Phrases
    whence: Phrases
    into: Phrases
    anywhere: Phrases
    homeward: Phrases
    thither: Phrases
    same: Phrases
    through: Phrases
    via: Phrases
    within: Phrases
    border: Phrases
    border_after: Phrases
    border_with: Phrases
    speaker_before: Phrases
    speaker_after: Phrases
    territory_after: Phrases
    part_before: Phrases
    part_after: Phrases
    at: Phrases
    others: Phrases
    besides: Phrases
    offices: Phrases
    handed: Phrases
    forced: Phrases
    forced_back: Phrases
    seat_before: Phrases
    seat_after: Phrases
    in_town: Phrases
    crossing_after: Phrases
    sections: Phrases
    section_name: str
    name: str
    bodies: Phrases


class ChangeTable(Struct, forbid_unknown_fields=True, frozen=True):
    """Phrases for a change in per cent; `{percent}` is the figure, `{reference}` the level of comparison."""

    up: Phrases
    down: Phrases
    doubled: Phrases
    halved: Phrases
    references: dict[str, Phrases]


class LanguageTable(Struct, forbid_unknown_fields=True, frozen=True):
    """One language as written in its TOML file."""

    code: str
    letters: str
    usual: Phrases
    abbreviations: Phrases
    closing: Phrases
    numbers: NumberTable
    before: dict[Qualifier, Phrases]
    after: dict[Qualifier, Phrases]
    between: Phrases
    months: Phrases
    weekdays: Phrases
    units: dict[str, Phrases]
    dates: Phrases
    ordinals: Phrases
    last_year: Phrases
    days: Phrases
    feasts: dict[str, Phrases]
    anchors: dict[str, Phrases]
    concerns: dict[str, list[str]]
    parts_of_year: dict[str, Phrases]
    periods: dict[str, Phrases]
    openers: Phrases
    timely: Phrases
    alone: Phrases
    cumulative: Phrases
    perfect: Phrases
    rates: Phrases
    other_rates: Phrases
    present: Phrases
    populations: dict[str, Phrases]
    persons: Phrases
    beside: Phrases
    states: Phrases
    vehicles: Phrases
    citizens: Phrases
    nations: Phrases
    of_nation: Phrases
    bare: Phrases
    harmless: Phrases
    things: dict[Why, Phrases]
    masks: dict[Why, Phrases]
    segment: dict[Why, Phrases]
    sentence: dict[Why, Phrases]
    events: EventTable
    roles: RoleTable
    change: ChangeTable
    normal: Phrases
    earlier: Phrases
    trailing: Phrases
    growth: Phrases
    reached: Phrases
    strong: Phrases
    clauses: Phrases
    weak: Phrases
    faint: Phrases
    joins: Phrases
    asides: Phrases
    compared: Phrases
    parts: Phrases
    says: Phrases
    setting: Phrases
    relative: Phrases
    added: Phrases
    purpose: Phrases
    negated: Phrases
    grown: Phrases
    difference: Phrases
    respectively: Phrases
    stood_out: Phrases
    headline: Phrases
    taken_up: Phrases
    totals: Phrases
    likewise: Phrases
    versions: Phrases
    same_time: Phrases
    same_day: Phrases
    passive: Phrases
    further: Phrases
    refuge: Phrases
    overall: Phrases
    speakers: dict[str, Phrases]
    again: Phrases
    unnamed: Phrases
    media: Phrases
    unconfirmed: Phrases
    unproven: Phrases
    so_far: Phrases
    home: Phrases
    there: Phrases
    countries: dict[str, tuple[str, str, str]]
    case_adjectives: bool = True
    so_far_today: Phrases = field(default_factory=list)


class Pattern(NamedTuple):
    """A compiled pattern and its value."""

    kind: str
    value: str
    regex: re.Pattern[str]
    needles: Needles = ()

    @classmethod
    def of(cls, kind: str, value: str, regex: re.Pattern[str]) -> Pattern:
        """A pattern with its needles for the prefilter."""
        return cls(kind, value, regex, needles_of(regex))


_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
NEVER = r"(?!x)x"


def alternatives(phrases: Iterable[str]) -> str:
    """One group that matches any of several patterns; a pattern that never matches if there are none."""
    return "|".join(phrases) or NEVER


def captured(match: re.Match[str]) -> list[tuple[str, str]]:
    """The texts that the placeholders of a pattern matched, in the order of the pattern."""
    return [(name.rpartition("_")[0], text) for name, text in match.groupdict().items() if text is not None]


class Language:
    """A language with its patterns compiled. `names`: further patterns of country names, by ISO 3166-1 code."""

    def __init__(self, table: LanguageTable, names: Mapping[str, str], where: str) -> None:
        self.table, self.where = table, where
        self.code = table.code
        numbers = table.numbers
        words = alternatives(sorted((re.escape(word) for word in numbers.words), key=len, reverse=True))
        countries = {code: (name, "", "") for code, name in names.items()}
        for code, (name, people, adjective) in table.countries.items():
            countries[code] = (name or names.get(code, ""), people, adjective)
        self.countries = countries
        named = alternatives(patterns[0] for patterns in countries.values() if patterns[0])
        adjectives = alternatives(patterns[2] for patterns in table.countries.values() if patterns[2])
        adjectives = f"(?-i:{adjectives})" if table.case_adjectives else adjectives
        year = r"(?:19|20)\d\d(?![\d,.\u00a0]*\d)"
        self.parts = {
            "ordinal": alternatives(table.days),
            "day": rf"(?:[12]\d|3[01]|0?[1-9])(?:{alternatives(table.ordinals)})?(?!\d|[,. \u00a0]\d{{3}}(?!\d))",
            "number_of_month": r"(?:1[0-2]|0?[1-9])",
            "year": year,
            "last_year": alternatives(table.last_year),
            "month": alternatives(table.months),
            "weekday": alternatives(table.weekdays),
            "feast": alternatives(phrase for phrases in table.feasts.values() for phrase in phrases),
            "n": rf"(?<!\d[,.\u00a0])\d{{1,3}}(?![\d,.]*\d)|{words}",
            "unit": alternatives(phrase for phrases in table.units.values() for phrase in phrases),
            "anchor": alternatives(phrase for phrases in table.anchors.values() for phrase in phrases),
            "part": alternatives(phrase for phrases in table.parts_of_year.values() for phrase in phrases),
            "percent": r"\d{1,4}(?:[.,]\d+)?",
            "name": f"(?-i:{named})",
            "adjective": adjectives,
            "reference": alternatives(phrase for each in table.change.references.values() for phrase in each),
        }
        self.parts["date"] = self.nameless(alternatives(table.dates))
        self.parts["reference"] = self.nameless(self.parts["reference"])
        self.dates = [self.compile(pattern) for pattern in table.dates]

    def nameless(self, text: str) -> str:
        """A pattern with its placeholders filled in, without groups of its own."""
        return _PLACEHOLDER.sub(lambda match: f"(?:{self._part(match[1], text)})", text)

    def _part(self, name: str, text: str) -> str:
        part = self.parts.get(name)
        if part is None:
            raise ConfigError(
                f"{self.where}: {shown(text)}: {name!r} is no placeholder; known are {', '.join(self.parts)}"
            )
        return part

    def compile(self, phrase: str) -> re.Pattern[str]:
        """A pattern with its placeholders as named groups (`date_1`). Raises ConfigError for an invalid one."""
        taken: dict[str, int] = {}

        def group(match: re.Match[str]) -> str:
            name = match[1]
            taken[name] = taken.get(name, 0) + 1
            return f"(?P<{name}_{taken[name]}>{self._part(name, phrase)})"

        try:
            return re.compile(rf"(?<!\w)(?:{_PLACEHOLDER.sub(group, phrase)})(?!\w)", re.IGNORECASE)
        except re.error as error:
            raise ConfigError(f"{self.where}: {shown(phrase)}: {error}") from None

    def compiled(self, kind: str, phrases: Mapping[str, Phrases]) -> Iterator[Pattern]:
        """The compiled patterns of a table, by value."""
        for value, each in phrases.items():
            for phrase in each:
                yield Pattern.of(kind, value, self.compile(phrase))

    def any_of(self, phrases: Phrases) -> re.Pattern[str]:
        """One pattern, without captures, that matches any of several."""
        return self.compile(self.nameless(alternatives(phrases)))

    def ending(self, phrases: Phrases) -> re.Pattern[str]:
        """The same, only at the end of a text (spaces may follow)."""
        return re.compile(rf"(?<!\w)(?:{self.nameless(alternatives(phrases))})\s*$", re.IGNORECASE)

    def beginning(self, phrases: Phrases) -> re.Pattern[str]:
        """The same, only at the beginning of a text."""
        return re.compile(rf"\s*(?:{self.nameless(alternatives(phrases))})(?!\w)", re.IGNORECASE)

    def which(self, table: Mapping[str, Phrases], text: str) -> str | None:
        """The entry of a table that a text matches."""
        for value, phrases in table.items():
            if re.fullmatch(self.nameless(alternatives(phrases)), text, re.IGNORECASE):
                return value
        return None

    def weekday(self, text: str) -> int:
        """The number of a day of the week, with Monday as 0. Raises ValueError if it is not one."""
        return index(self.table.weekdays, text)

    def number(self, text: str) -> int:
        """A small number in digits or words, as an integer."""
        return int(text) if text.isdigit() else self.table.numbers.words[text.lower()]


def index(phrases: Phrases, text: str) -> int:
    """The phrase that a text matches. Raises ValueError if there is none."""
    for place, pattern in enumerate(phrases):
        if re.fullmatch(pattern, text, re.IGNORECASE):
            return place
    raise ValueError(text)


def parse_language(text: str, where: str) -> LanguageTable:
    """Read a language from TOML text. Raises ConfigError, which names file and field."""
    try:
        return msgspec.convert(tomllib.loads(text), LanguageTable)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{where}: {error}") from None
