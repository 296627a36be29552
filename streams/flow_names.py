"""Names of flows and populations in English, for sentences that people read: "Russia to Georgia at Verkhny Lars"."""

from __future__ import annotations

from functools import lru_cache

from babel import Locale

from bordertally.streams.flows import BLOCS, is_checkpoint

UNKNOWN_CITIZENSHIP = "ZZ"


@lru_cache(maxsize=1)
def _territories() -> dict[str, str]:
    """The names of countries and blocs by code, from the Unicode CLDR, as browsers have them."""
    return dict(Locale("en").territories)


def place_name(part: str) -> str:
    """Return the name of one part of a flow: of a country, a bloc or a checkpoint.

    A code without a name is its own name. The name of a checkpoint is its slug in words: `verkhny-lars`, Verkhny Lars.
    """
    if is_checkpoint(part):
        return " ".join(word[:1].upper() + word[1:] for word in part.split("-"))
    return _territories().get(part, part)


@lru_cache(maxsize=65_536)
def flow_name(flow: str) -> str:
    """Return the name of a flow as it stands inside a sentence.

    `RU` is "everyone leaving Russia", `*:RO` "everyone entering Romania", `RU:GE` "Russia to Georgia", and
    `RU:EU:FI:vaalimaa` "Russia to Finland (European Union) at Vaalimaa".
    """
    origin, *places = flow.split(":")
    if not places:
        return f"everyone leaving {place_name(origin)}"
    checkpoint = f" at {place_name(places.pop())}" if is_checkpoint(places[-1]) else ""
    where = place_name(places[-1]) if places else ""
    if len(places) > 1 and places[0] in BLOCS:
        where = f"{where} ({place_name(places[0])})"
    return f"everyone entering {where}{checkpoint}" if origin == "*" else f"{place_name(origin)} to {where}{checkpoint}"


def flow_title(flow: str) -> str:
    """Return the name of a flow as it begins a sentence: "Everyone leaving Russia"."""
    name = flow_name(flow)
    return name[:1].upper() + name[1:]


def population_name(population: str) -> str:
    """Return the name of a population: `citizens:RU` is "citizens of Russia"."""
    kind, _, code = population.partition(":")
    if not code:
        return population.replace("_", " ")
    if code == UNKNOWN_CITIZENSHIP:
        return f"{kind} of other or unknown countries"
    return f"{kind} of {place_name(code)}"
