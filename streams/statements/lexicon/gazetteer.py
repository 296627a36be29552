"""The gazetteer: checkpoints with the countries that they connect, and regions of countries, as data."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

import msgspec
import pycountry
from msgspec import Struct

from bordertally.streams.errors import ConfigError, shown
from bordertally.streams.flows import BLOCS, countries
from bordertally.streams.statements.lexicon.prefilter import Needles, fold

Names = dict[str, list[str]]
"""Names by language."""

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_QUOTED = '[«"„“]?{}[»"“”]?'
_BETWEEN = re.compile(r"[ *-]")
_FOLDED = str.maketrans("łŁıİøØđĐßæ", "lLiIoOdDsa")


class Checkpoint(NamedTuple):
    """A checkpoint with the two countries that it connects, or the country of an airport. `parts`: ISO 3166-2 codes.

    `names`: all of them, by language; `by_side`: those of each side.
    """

    sides: tuple[str, ...]
    parts: tuple[str, ...] = ()
    names: Mapping[str, list[str]] = {}
    by_side: tuple[Mapping[str, list[str]], ...] = ()

    def beyond(self, code: str | None) -> str | None:
        """The other side of a checkpoint; None if the country is not one of its sides."""
        if len(self.sides) == 1:
            return self.sides[0] if code not in (None, self.sides[0]) else None
        near, other = self.sides
        return other if code == near else near if code == other else None


class Region(NamedTuple):
    """A part of a country, by its ISO 3166-2 code."""

    part: str
    names: Mapping[str, list[str]]

    @property
    def country(self) -> str:
        """The country of the region."""
        return self.part[:2]


class Capital(Struct, frozen=True, forbid_unknown_fields=True):
    """The capital of a country; `at`: degrees north and east."""

    name: str
    at: tuple[float, float]


class Gazetteer(NamedTuple):
    """All places except countries. `checkpoints`: by slug; `waters`: rivers and straits between two countries.

    `coordinates`: degrees north and east of checkpoints, by slug, to a tenth; not of all. `capitals`: by country.
    """

    checkpoints: dict[str, Checkpoint]
    regions: list[Region]
    waters: tuple[Checkpoint, ...] = ()
    coordinates: Mapping[str, tuple[float, float]] = {}
    capitals: Mapping[str, Capital] = {}

    def only_way_out(self, region: Region) -> tuple[str, str | None]:
        """The slug of the only checkpoint of a region and the country beyond it; ("", None) if there are several."""
        points = [slug for slug, point in self.checkpoints.items() if region.part in point.parts]
        return (points[0], self.checkpoints[points[0]].beyond(region.country)) if len(points) == 1 else ("", None)

    @property
    def neighbours(self) -> dict[str, frozenset[str]]:
        """The countries that share a checkpoint with a country, by country."""
        names: dict[str, set[str]] = {}
        for point in self.checkpoints.values():
            for side in point.sides:
                names.setdefault(side, set()).update(point.sides)
        return {code: frozenset(others - {code}) for code, others in names.items()}


class _Written(Struct, forbid_unknown_fields=True):
    """A gazetteer as written: checkpoints by slug, then side, then language."""

    checkpoints: dict[str, dict[str, Names]]
    regions: dict[str, Names]
    waters: dict[str, Names] = {}
    coordinates: dict[str, tuple[float, float]] = {}
    capitals: dict[str, Capital] = {}


def parse_gazetteer(text: str, where: str) -> Gazetteer:
    """Read a gazetteer from TOML text. Raises ConfigError, which names file, entry and fault."""
    try:
        written = msgspec.convert(tomllib.loads(text), _Written)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{where}: {error}") from None
    checkpoints = {}
    for slug, sides in written.checkpoints.items():
        if not _SLUG.fullmatch(slug):
            raise ConfigError(f"{where}: {shown(slug)}: a slug has small letters, digits and hyphens")
        if len(sides) not in (1, 2) or len({code[:2] for code in sides}) != len(sides):
            raise ConfigError(f"{where}: {slug}: a checkpoint has two sides in two countries, an airport one")
        for code in sides:
            _check(code, slug, where)
        codes, names = tuple(sides), tuple(sides.values())
        checkpoints[slug] = Checkpoint(tuple(code[:2] for code in codes), codes, _together(names), names)
    for code in written.regions:
        _check(code, code, where)
    waters = []
    for pair, called in written.waters.items():
        shores = tuple(pair.split("/"))
        if len(shores) != 2 or len(set(shores)) != 2:
            raise ConfigError(f"{where}: {shown(pair)}: a water lies between two countries, as in FR/GB")
        for code in shores:
            _check(code, pair, where)
        waters.append(Checkpoint(shores, shores, called))
    regions = [Region(code, names) for code, names in written.regions.items()]
    _check_atlas(written, where)
    return Gazetteer(checkpoints, regions, tuple(waters), written.coordinates, written.capitals)


def _check_atlas(written: _Written, where: str) -> None:
    """Raises ConfigError for coordinates of no checkpoint, and for a capital of no country."""
    for slug in written.coordinates:
        if slug not in written.checkpoints:
            raise ConfigError(f"{where}: {shown(slug)} has coordinates but is not a checkpoint")
    for code in written.capitals:
        _check(code, code, where)


def _check(code: str, entry: str, where: str) -> None:
    """Raises ConfigError if a code is neither ISO 3166-1, nor a bloc, nor ISO 3166-2."""
    if "-" in code:
        if code not in _parts():
            raise ConfigError(f"{where}: {entry}: {shown(code)} is no ISO 3166-2 code of a part of a country")
    elif code not in countries() and code not in BLOCS:
        raise ConfigError(f"{where}: {entry}: {shown(code)} is no ISO 3166-1 country code or bloc")


@lru_cache(maxsize=1)
def _parts() -> frozenset[str]:
    return frozenset(part.code for part in pycountry.subdivisions)


def _together(sides: Iterable[Names]) -> Names:
    names: Names = {}
    for side in sides:
        for language, each in side.items():
            names.setdefault(language, []).extend(each)
    return names


def name_pattern(names: Iterable[str]) -> str:
    """A pattern of plain names: quotation marks and accents are optional, an asterisk stands for any ending."""
    ordered = sorted(_spelled(names), key=lambda name: (-len(name), name))
    return _QUOTED.format(f"(?:{'|'.join(map(_plainly, ordered))})")


def words_of(names: Iterable[str]) -> list[str]:
    """All words of all spellings of the names, for the prefilter."""
    return [word for name in _spelled(names) for word in _BETWEEN.split(fold(name))]


def needles_of_names(names: Iterable[str], often: Mapping[str, int]) -> Needles:
    """The needles of the pattern of names, without the pattern: of each the word that the fewest others have.

    `often`: how often each word is in names at all ("border", "bridge").
    """
    return tuple(
        sorted(
            {
                max(_BETWEEN.split(fold(name)), key=lambda word: (min(len(word), 4), -often.get(word, 0), len(word)))
                for name in _spelled(names)
            }
        )
    )


def _spelled(names: Iterable[str]) -> set[str]:
    return {spelling for name in names for spelling in (name, unaccented(name))}


def _plainly(name: str) -> str:
    return re.escape(name).replace(re.escape("*"), r"\w*").replace(r"\ ", "[ -]").replace(r"\-", "[ -]")


def unaccented(name: str) -> str:
    """A name in plain Latin letters; other scripts are unchanged ("й" is not an accented "и")."""
    if not name.isascii() and any("\u0370" <= letter <= "\u1fff" for letter in name):
        return name
    apart = unicodedata.normalize("NFKD", name.translate(_FOLDED))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def english_names() -> dict[str, str]:
    """A pattern of the English names of every country, by ISO 3166-1 code."""
    names: dict[str, set[str]] = {}
    for country in pycountry.countries:
        listed = {country.name, getattr(country, "common_name", country.name)}
        names[country.alpha_2] = {name.partition(",")[0] for name in listed if "," not in name or name.count(",") == 1}
    shared = [name for each in names.values() for name in each]
    return {
        code: "|".join(re.escape(name) for name in sorted(each, key=len, reverse=True) if shared.count(name) == 1)
        for code, each in names.items()
    }
