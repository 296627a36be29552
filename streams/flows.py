"""Flows: paths from the origin down, such as `RU`, `RU:KZ`, `RU:KZ:mashtakovo`, `RU:EU:FI:vaalimaa`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NewType

import pycountry

from bordertally.streams.errors import Reason, RefusedError


def ancestors(flow: str) -> Iterator[str]:
    """The flows above a flow, the nearest first."""
    above = parent(flow)  # type: ignore[arg-type]
    while above is not None:
        yield above
        above = parent(above)


Flow = NewType("Flow", str)

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

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?", re.ASCII)
_CODE = re.compile(r"[A-Z]{2}", re.ASCII)
LONGEST = 120


@lru_cache(maxsize=1)
def countries() -> frozenset[str]:
    """Every code a flow may name: ISO 3166-1 alpha-2 and `EXTRA`."""
    return frozenset(country.alpha_2 for country in pycountry.countries) | EXTRA


def _place(part: str, flow: str) -> None:
    if not _CODE.fullmatch(part):
        raise RefusedError(
            Reason.BAD_FLOW,
            "flow",
            flow,
            f"{part!r} is no upper-case ISO 3166-1 code nor a checkpoint at the end",
        )
    if part not in countries() and part not in BLOCS:
        raise RefusedError(Reason.UNKNOWN_COUNTRY, "flow", flow, f"{part!r} is no ISO 3166-1 country code or bloc")


@lru_cache(maxsize=65_536)
def parse_flow(text: str) -> Flow:
    """Check a flow: origin, then optionally a bloc, a country and a checkpoint slug, in that order.

    Raises RefusedError: bad_flow when the shape is wrong, unknown_country for a code nobody has.
    """
    parts = text.split(":")
    if len(text) > LONGEST or len(parts) > 4:
        raise RefusedError(Reason.BAD_FLOW, "flow", text, "a flow is origin[:bloc][:country][:checkpoint]")
    _place(parts[0], text)
    places = parts[1:]
    if places and _SLUG.fullmatch(places[-1]):
        places.pop()
        if not places:
            raise RefusedError(Reason.BAD_FLOW, "flow", text, "a checkpoint needs the country before it")
    for part in places:
        _place(part, text)
    if len(places) == 2:
        bloc, country = places
        if bloc not in BLOCS or country in BLOCS:
            raise RefusedError(Reason.BAD_FLOW, "flow", text, f"{bloc!r} is no bloc, so no country follows it")
        if country not in BLOCS[bloc]:
            raise RefusedError(Reason.BAD_FLOW, "flow", text, f"{country!r} is no member of {bloc}")
    elif len(places) > 2:
        raise RefusedError(Reason.BAD_FLOW, "flow", text, "a flow is origin[:bloc][:country][:checkpoint]")
    if places and places[-1] == parts[0]:
        raise RefusedError(Reason.BAD_FLOW, "flow", text, "origin and destination are the same")
    return Flow(text)


def nested(flow: Flow, blocs: frozenset[str]) -> Flow:
    """Write a member's flow inside its bloc, for the blocs named: `RU:FI` becomes `RU:EU:FI`.

    Two spellings of one country under one origin would be added together; a registry that names a bloc avoids it.
    """
    parts = flow.split(":")
    if len(parts) > 1:
        for bloc in blocs:
            if parts[1] in BLOCS[bloc]:
                return Flow(":".join([parts[0], bloc, *parts[1:]]))
    return flow


def parent(flow: Flow) -> Flow | None:
    """The path less its last part; None for an origin."""
    head, colon, _ = flow.rpartition(":")
    return Flow(head) if colon else None


def origin(flow: str) -> str:
    """The first part: what a whole tree of flows shares, and what topics are partitioned by."""
    return flow.partition(":")[0]


def depth(flow: str) -> int:
    """0 for an origin, one more for every level below."""
    return flow.count(":")


def check_pattern(text: str) -> Flow:
    """Check a registry pattern: a flow, any part of which may be `*`. Raises RefusedError as `parse_flow` does."""
    if "*" not in text:
        return parse_flow(text)
    *above, last = text.split(":")
    for part in above:
        if part != "*":
            _place(part, text)
    if last != "*" and not (len(above) > 1 and _SLUG.fullmatch(last)):
        _place(last, text)
    if len(above) > 3:
        raise RefusedError(Reason.BAD_FLOW, "flow", text, "a flow is origin[:bloc][:country][:checkpoint]")
    return Flow(text)


def covers(pattern: str, flow: str) -> bool:
    """Whether a registry pattern allows a flow: the same path or one above it; `*` stands for any one part."""
    wanted, given = pattern.split(":"), flow.split(":")
    return len(wanted) <= len(given) and all(w in ("*", g) for w, g in zip(wanted, given, strict=False))
