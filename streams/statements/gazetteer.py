"""The gazetteer: countries, checkpoints with the two countries they lie between, and regions of countries."""

from __future__ import annotations

import re
import tomllib

import msgspec
import pycountry
from msgspec import Struct

from streams.errors import ConfigError
from streams.flows import BLOCS, countries


class Checkpoint(Struct, forbid_unknown_fields=True, frozen=True):
    """A checkpoint: the two countries it lies between, and its names (patterns) by language."""

    sides: tuple[str, str]
    names: dict[str, list[str]]

    def beyond(self, code: str | None) -> str | None:
        """The side opposite to a country; None when it is not one of the two."""
        one, other = self.sides
        return other if code == one else one if code == other else None


class Region(Struct, forbid_unknown_fields=True, frozen=True):
    """A part of a country, and its names (patterns) by language."""

    country: str
    names: dict[str, list[str]]


class Gazetteer(Struct, forbid_unknown_fields=True, frozen=True):
    """All places but countries, by slug."""

    checkpoints: dict[str, Checkpoint]
    regions: dict[str, Region]


def parse_gazetteer(text: str, where: str) -> Gazetteer:
    """Read a gazetteer from TOML text. Raises ConfigError naming file, entry and the code nobody has."""
    try:
        gazetteer = msgspec.convert(tomllib.loads(text), Gazetteer)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{where}: {error}") from None
    sides = [(slug, side) for slug, one in gazetteer.checkpoints.items() for side in one.sides]
    for slug, code in [*sides, *((slug, one.country) for slug, one in gazetteer.regions.items())]:
        if code not in countries() and code not in BLOCS:
            raise ConfigError(f"{where}: {slug}: {code!r} is no ISO 3166-1 country code or bloc")
    return gazetteer


def english_names() -> dict[str, str]:
    """A pattern of the English names of every country, by code, out of ISO 3166-1."""
    names: dict[str, set[str]] = {}
    for country in pycountry.countries:
        said = {country.name, getattr(country, "common_name", country.name)}
        names[country.alpha_2] = {name.partition(",")[0] for name in said if "," not in name or name.count(",") == 1}
    shared = [name for each in names.values() for name in each]
    return {
        code: "|".join(re.escape(name) for name in sorted(each, key=len, reverse=True) if shared.count(name) == 1)
        for code, each in names.items()
    }
