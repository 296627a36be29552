"""Places: the flow and the population that names in a file stand for, in any script; names that collide are kept."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import pycountry
from anyascii import anyascii
from countryguess import guess_country

from bordertally.streams.errors import RefusedError, shown
from bordertally.streams.flows import BLOCS, COLLOQUIAL, Flow, countries, parse_flow
from bordertally.streams.imports.figures import BadCellError

_BRACES = re.compile(r"\{([^{}]+)\}")
_POPULATION = re.compile(r"[a-z][a-z0-9_-]{0,39}(?::[A-Z]{2})?")
_GAPS = re.compile(r"[^a-z0-9]+")
_TOTALS = re.compile(
    r"(?:grand |sub-?|general )?total(?:s|e|es)?\b.*|.*\b(?:sub)?totals?|all(?: .*)?|(?-i:All[A-Z].*)|overall|sum"
    r"|both(?: sexes)?|ambos(?: sexos)?|(?-i:_?T|TOT)|(?:genel )?toplam|ukupno|gjithsej|kopā|iš viso|kokku"
    r"|gesamt|insgesamt|summe|ensemble|suma|razem|ogółem|celkem|spolu|összesen|yhteensä|totalt"
    r"|всего|итого|усього|разом|всичко|укупно|סה\"כ|المجموع|الإجمالي|合计|合計|总计|總計|計|计|합계|총계",
    re.IGNORECASE,
)
OTHERS = "ZZ"
"""The code of a citizenship that is unknown, or none of those in the file."""


def is_total(name: str) -> bool:
    """Whether a name looks like that of the other rows together: Total, All ages, Итого, 合計."""
    return _TOTALS.fullmatch(name.strip()) is not None


def slug_of(name: str) -> str:
    """The name of a place as a checkpoint: `Верхний Ларс` is `verkhniy-lars`; empty where no letter is left."""
    return _GAPS.sub("-", anyascii(name).lower()).strip("-")


def clean(name: str) -> str:
    """A name with single spaces, its accents composed: what makes two spellings one name."""
    return " ".join(unicodedata.normalize("NFC", name).split())


@lru_cache(maxsize=4_096)
def country_of(name: str) -> str | None:
    """The code of a country by its ISO 3166 code of two or three letters, or its English name; None for no country."""
    if name in countries() or name in BLOCS or name in COLLOQUIAL:
        return COLLOQUIAL.get(name, name)
    try:
        return str(pycountry.countries.lookup(name).alpha_2) if len(name) > 2 else None
    except LookupError:
        guess = guess_country(name, attribute="iso2") if len(name) > 3 else None
        if guess not in countries() and not name.isascii() and name != (plain := anyascii(name)):
            return country_of(plain) if len(plain) == len(name) else None  # Perú, Haití; no other script
        return guess if guess in countries() else None


class Names:
    """The names of a file as places. A name that would share its place with another name is kept in `collisions`."""

    def __init__(self, country_codes: Mapping[str, str], slugs: Mapping[str, str], kept: frozenset[str]) -> None:
        self._countries = {clean(name): code for name, code in country_codes.items()}
        self._slugs = {clean(name): slug for name, slug in slugs.items()}
        self._kept = kept
        self._first: dict[str, str] = {}
        self.collisions: dict[str, set[str]] = {}
        """By place (a path or a population), the names that came to it."""
        self.readings: dict[str, str] = {}
        """By name, the country that it was read as, where the name is no code."""

    def country(self, name: str, under: str) -> str:
        """The code of a country. `under`: what stands before it in the path. Raises BadCellError."""
        name = clean(name)
        code = self._countries.get(name)
        if code is None:
            self._check(name)
            code = country_of(name)
            if code is None:
                raise BadCellError(
                    f"no country is called so; add it to [countries] with its code ({OTHERS}: other or unknown), "
                    "or drop the row"
                )
            self._note(under + code, name)
        if code != name:
            self.readings[name] = code
        return code

    def slug(self, name: str, under: str) -> str:
        """The slug of a checkpoint below the path `under`. Raises BadCellError."""
        name = clean(name)
        slug = self._slugs.get(name)
        if slug is None:
            self._check(name)
            slug = slug_of(name)
            if not slug or len(slug) > 64:
                raise BadCellError("no checkpoint can be called so; add the name to [places] with a slug")
            if not any(map(str.isalpha, slug)):
                raise BadCellError(
                    "this name has no letter; if it is no figure in a wrong column, give it a slug in [places]"
                )
            self._note(under + slug, name)
        return slug

    def name_of(self, place: str) -> str:
        """The name in the file that came to a place; its last part where an alias named it."""
        return self._first.get(place, place.rpartition(":")[2])

    def _check(self, name: str) -> None:
        if not name:
            raise BadCellError("the cell is empty; set rows.fill_down if it means the value above, or drop the row")
        if is_total(name) and name not in self._kept:
            raise BadCellError("this looks like a total of other rows; drop it in rows.drop, or name it in rows.keep")

    def _note(self, place: str, name: str) -> None:
        first = self._first.setdefault(place, name)
        if first != name:
            self.collisions.setdefault(place, {first}).add(name)


class Template:
    """A path or a population with columns in braces. `columns`: their names, in order."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.columns: list[str] = _BRACES.findall(text)

    def parts(self, cells: Sequence[str]) -> Iterator[tuple[str, str | None]]:
        """Each part between colons as (text, None), or (text around the braces, name in the cell)."""
        rest = iter(cells)
        for part in self.text.split(":"):
            if _BRACES.fullmatch(part):
                yield "", next(rest)
            else:
                yield _BRACES.sub(lambda _: next(rest), part), None


def flow_of(template: Template, cells: Sequence[str], names: Names) -> Flow:
    """The flow of a row. The first two parts are countries, as is the one after a bloc; the last may be a checkpoint.

    Raises BadCellError.
    """
    path: list[str] = []
    for index, (text, name) in enumerate(template.parts(cells)):
        if name is None:
            path.append(text)
        elif index < 2 or (index == 2 and path[-1] in BLOCS):
            path.append(names.country(name, ":".join([*path, ""])))
        else:
            path.append(names.slug(name, ":".join([*path, ""])))
    flow = ":".join(path)
    try:
        return parse_flow(flow)
    except RefusedError as error:
        raise BadCellError(f"{shown(flow)} is no flow: {error.why}") from None


def population_of(template: Template, cells: Sequence[str], names: Names, everyone: frozenset[str]) -> str:
    """The population of a row: citizens:XX by a country, or a slug. `everyone`: names that mean all people.

    Raises BadCellError.
    """
    if any(clean(cell) in everyone for cell in cells):
        return "people"
    parts = list(template.parts(cells))
    population = parts[0][0] if parts[0][1] is None else names.slug(parts[0][1], "population ")
    for text, name in parts[1:]:
        population = f"{population}:{text if name is None else names.country(name, f'{population}:')}"
    if not _POPULATION.fullmatch(population):
        raise BadCellError(f"this is no population: {population} (a word, or a word and a country such as citizens:RU)")
    return population
