"""Flows: paths from the origin down, such as `RU`, `RU:KZ`, `RU:KZ:mashtakovo`, `RU:EU:FI:vaalimaa`.

`*` in place of the origin stands for every origin: `*:KZ` is a destination, everyone entering Kazakhstan. A corridor is
a flow from one origin to one destination: `RU:KZ`, `RU:EU`, `RU:EU:FI`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NewType

import pycountry

from bordertally.streams.errors import Reason, RefusedError, shown

Flow = NewType("Flow", str)

EVERYONE = "*"
"""In place of the origin: people of every origin."""

EU = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)
BLOCS: dict[str, frozenset[str]] = {"EU": EU}
"""Blocs that may stand between origin and country, with their members (ISO 3166-1 alpha-2)."""

EXTRA = frozenset({"XK"})
"""User-assigned codes in general use that ISO 3166-1 does not list: Kosovo."""

COLLOQUIAL = {
    "UK": "GB",
    "EL": "GR",
    "XKX": "XK",
    "BRITAIN": "GB",
    "EUROPEAN UNION": "EU",
    "GREAT BRITAIN": "GB",
    "IVORY COAST": "CI",
    "KOSOVO": "XK",
    "MACEDONIA": "MK",
    "PALESTINE": "PS",
    "RUSSIA": "RU",
    "THE NETHERLANDS": "NL",
    "TURKEY": "TR",
}
"""Codes and names in general use, in capitals, for countries to which ISO 3166-1 gives another one."""

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?", re.ASCII)
_CODE = re.compile(r"[A-Z]{2}", re.ASCII)
_BETWEEN = re.compile(r"\s*(?:->|[:>/\u2192])\s*")
"""What stands between the parts of a flow, or in place of the colon there."""
LONGEST = 120
"""Characters of a flow at most."""

SHAPE = f"write a flow as origin[:bloc][:country][:checkpoint], at most {LONGEST} characters, such as RU:EU:FI:vaalimaa"

DESTINATION_SHAPE = "write everyone who enters a country or bloc as *:RO, *:EU or *:EU:RO, without a checkpoint"


@lru_cache(maxsize=1)
def countries() -> frozenset[str]:
    """Every code a flow may name: ISO 3166-1 alpha-2 and `EXTRA`."""
    return frozenset(country.alpha_2 for country in pycountry.countries) | EXTRA


def _check_place(part: str, flow: str) -> None:
    """Raise RefusedError, which quotes the whole flow, unless a part of it is the code of a country or a bloc."""
    if not _CODE.fullmatch(part):
        why = f"{shown(part)!r} is not a two-letter country code{_meant(part, flow)}"
        raise RefusedError(Reason.BAD_FLOW, "flow", flow, why)
    if part not in countries() and part not in BLOCS:
        known = f"nor a bloc ({', '.join(BLOCS)})"
        why = f"{part!r} is not a country code of ISO 3166-1, {known}{_meant(part, flow)}"
        raise RefusedError(Reason.UNKNOWN_COUNTRY, "flow", flow, why)


@lru_cache(maxsize=1_024)
def country_meant(text: str) -> str | None:
    """The code of the country or bloc that a text in place of a code may mean; None where it means none.

    Known are ISO 3166-1 alpha-3 codes, codes in general use such as `UK` and `EL`, English names, and lower case.
    """
    code = text.upper()
    if code in BLOCS:
        return code
    try:
        return COLLOQUIAL.get(code) or str(pycountry.countries.lookup(text).alpha_2)
    except LookupError:
        return None


def did_you_mean(text: str) -> str:
    """The end of an error about a text in place of a country code: `; did you mean KZ?`, or nothing."""
    code = country_meant(text)
    return f"; did you mean {code}?" if code is not None and code != text else ""


def _meant(part: str, flow: str) -> str:
    """What somebody may have meant who wrote a part of a flow so: a country, a checkpoint, or another flow."""
    parts = flow.split(":")
    meant = [_part_meant(each, parts[:place]) for place, each in enumerate(parts)]
    if sum([written != other for written, other in zip(parts, meant, strict=True)]) == 1 and did_you_mean(part):
        return did_you_mean(part)
    slug = part.lower()
    if len(parts) > 1 and slug != part and len(slug) > 2 and _SLUG.fullmatch(slug) and country_meant(part) is None:
        return f"; a checkpoint is written in lower case, {slug}, after its country"
    other = _flow_meant(flow)
    if other is None:
        return "" if _CODE.fullmatch(part) or len(parts) > 1 else "; write a flow as RU or RU:GE, in capitals"
    return f"; did you mean {other}?"


def _part_meant(part: str, above: list[str]) -> str | None:
    """What a part of a flow may mean after the parts `above` it: a code, or the name of a checkpoint."""
    if part == "*":
        return part
    in_bloc = bool(above) and country_meant(above[-1]) in BLOCS
    code = country_meant(part)
    if code is not None and (len(above) < 2 or in_bloc):
        return code
    slug = re.sub(r"[\s_]+", "-", part.strip().lower())
    return slug if len(above) > 1 and _SLUG.fullmatch(slug) else None


def _flow_meant(text: str) -> str | None:
    """The flow that somebody may have meant who wrote a text that is none; None where that cannot be told."""
    dashed = re.fullmatch(r"([A-Za-z]{2,3})-([A-Za-z]{2,3})", text)
    parts = dashed.groups() if dashed else _BETWEEN.split(text.strip())
    meant = [_part_meant(part, list(parts[:place])) for place, part in enumerate(parts)]
    if len(meant) > 4 or None in meant:
        return None
    other = ":".join(filter(None, meant))
    try:
        return None if other == text else check_pattern(other)
    except RefusedError:
        return None


def _check_origin(first: str, places: list[str], flow: str) -> None:
    """Raise RefusedError unless `first` may stand before these places: everyone goes to a country or a bloc."""
    if first != EVERYONE:
        _check_place(first, flow)
    elif not places or _SLUG.fullmatch(places[-1]):
        raise RefusedError(Reason.BAD_FLOW, "flow", flow, DESTINATION_SHAPE)


def _check_checkpoint(slug: str, above: list[str], flow: str) -> None:
    """Raise RefusedError, which quotes the whole flow, unless a slug may be a checkpoint below the parts `above`."""
    if not above:
        raise RefusedError(Reason.BAD_FLOW, "flow", flow, f"write a checkpoint after its country{did_you_mean(slug)}")
    if above[-1] in BLOCS and country_meant(slug) in BLOCS[above[-1]]:
        raise RefusedError(Reason.BAD_FLOW, "flow", flow, f"a country is written in capitals{did_you_mean(slug)}")


@lru_cache(maxsize=65_536)
def parse_flow(text: str) -> Flow:
    """The flow that a text names: origin, then optionally a bloc, a country and a checkpoint, in that order.

    Raises RefusedError: bad_flow when the shape is wrong, unknown_country for a code that no country has.
    """
    parts = text.split(":")
    if len(text) > LONGEST or len(parts) > 4:
        raise RefusedError(Reason.BAD_FLOW, "flow", text, SHAPE)
    places = parts[1:]
    _check_origin(parts[0], places, text)
    if places and _SLUG.fullmatch(places[-1]):
        _check_checkpoint(places.pop(), places, text)
    for part in places:
        _check_place(part, text)
    if len(places) == 2:
        bloc, country = places
        if bloc not in BLOCS or country in BLOCS:
            why = f"{bloc!r} is not a bloc ({', '.join(BLOCS)}), so no country may follow it"
            raise RefusedError(Reason.BAD_FLOW, "flow", text, why)
        if country not in BLOCS[bloc]:
            raise RefusedError(Reason.BAD_FLOW, "flow", text, f"{country!r} is not a member of {bloc}")
    elif len(places) > 2:
        raise RefusedError(Reason.BAD_FLOW, "flow", text, SHAPE)
    if places and places[-1] == parts[0]:
        raise RefusedError(Reason.BAD_FLOW, "flow", text, "origin and destination are the same country")
    return Flow(text)


def nested(flow: Flow, blocs: frozenset[str]) -> Flow:
    """The flow of a member of one of the named blocs, written inside its bloc: `RU:FI` becomes `RU:EU:FI`.

    Both spellings under one origin would be counted twice; a registry that names the bloc keeps only the longer one.
    """
    parts = flow.split(":")
    if len(parts) > 1:
        for bloc in blocs:
            if parts[1] in BLOCS[bloc]:
                return Flow(":".join([parts[0], bloc, *parts[1:]]))
    return flow


def parent(flow: Flow) -> Flow | None:
    """The path without its last part; None for an origin, and for a destination such as `*:RO` or `*:EU`."""
    head, colon, _ = flow.rpartition(":")
    return Flow(head) if colon and head != EVERYONE else None


def ancestors(flow: str) -> Iterator[str]:
    """The flows above a flow, the nearest first."""
    above = parent(Flow(flow))
    while above is not None:
        yield above
        above = parent(above)


def adds_to(flow: str) -> Iterator[str]:
    """The flows that include the people of a flow: those above it, the nearest first, then its destinations."""
    above = list(ancestors(flow))
    yield from above
    for each in (flow, *above):
        destination = destination_of(each)
        if destination is not None:
            yield destination


def includes(above: str, flow: str) -> bool:
    """Whether a flow is `above` or lies below it; below a destination lie its corridors and all below these."""
    return flow == above or flow.startswith(f"{above}:") or (is_destination(above) and covers(above, flow))


def is_destination(flow: str) -> bool:
    """Whether a flow is everyone who enters a country or bloc: `*:RO`, `*:EU`, `*:EU:RO`."""
    return flow.startswith(EVERYONE)


@lru_cache(maxsize=65_536)
def destination_of(flow: str) -> Flow | None:
    """The destination that a corridor adds to: `*:KZ` for `RU:KZ`; None for any other flow."""
    first, colon, places = flow.partition(":")
    return Flow(f"{EVERYONE}:{places}") if colon and first != EVERYONE and not is_checkpoint(flow) else None


def origin(flow: str) -> str:
    """The first part of a flow."""
    return flow.partition(":")[0]


def root(flow: str) -> Flow:
    """The flow at the top of its tree: the origin, or a destination. Topics are partitioned by it."""
    first, _, places = flow.partition(":")
    return Flow(first if first != EVERYONE else f"{EVERYONE}:{origin(places)}")


def is_checkpoint(flow: str) -> bool:
    """Whether a flow ends with a checkpoint, and not with a country or a bloc."""
    return not flow.rpartition(":")[2].isupper()


def depth(flow: str) -> int:
    """0 for an origin, one more for every level below."""
    return flow.count(":")


def check_pattern(text: str) -> Flow:
    """The pattern that a text of the registry names: a flow, any part of which may be `*`. Raises RefusedError."""
    if "*" not in text:
        return parse_flow(text)
    *above, last = text.split(":")
    for part in above:
        if part != "*":
            _check_place(part, text)
    if last != "*" and not (len(above) > 1 and _SLUG.fullmatch(last)):
        _check_place(last, text)
    if len(above) > 3:
        raise RefusedError(Reason.BAD_FLOW, "flow", text, SHAPE)
    return Flow(text)


def covers(pattern: str, flow: str) -> bool:
    """Whether a registry pattern allows a flow: the same path or one above it; `*` stands for any one part."""
    wanted, given = pattern.split(":"), flow.split(":")
    return len(wanted) <= len(given) and all(w in ("*", g) for w, g in zip(wanted, given, strict=False))
