"""Resolving a flow from the words of movement, the places around them, and the text before."""

from __future__ import annotations

from typing import assert_never

from bordertally.streams.flows import BLOCS
from bordertally.streams.statements.lexicon.marks import TextMark
from bordertally.streams.statements.lexicon.places import NamedPlace, PlaceRole
from bordertally.streams.statements.movement.clues import (
    Clues,
    Movement,
    MovementKind,
    beyond,
    borders,
    checkpoint,
    code_of,
    first,
    front_of,
    within,
)
from bordertally.streams.statements.movement.doubts import left_open, several
from bordertally.streams.statements.movement.ends import ends_of
from bordertally.streams.statements.records import Doubt

INFERRED = 0.95
"""What one inferred part takes off the confidence: an origin that follows from people's nationality, say."""


def resolve(clues: Clues) -> Movement:
    """The movement that the clues give."""
    clues = clues._replace(places=_route(clues))
    if clues.event is MovementKind.OTHER_WAY and first(clues, PlaceRole.ORIGIN) and first(clues, PlaceRole.INTO):
        clues = clues._replace(event=MovementKind.CROSS)
    again = clues.before is not None and clues.before.back
    if clues.event is MovementKind.BACK and again and clues.part and not clues.further and _returned(clues):
        return _other_way(clues._replace(before=None))  # "300 of them came back": home, or from there once more?
    if clues.event is MovementKind.BACK and again and _returned(clues):
        clues = clues._replace(event=MovementKind.CROSS, further=True)
    if (
        clues.event is MovementKind.OTHER_WAY
        or (clues.event is MovementKind.BACK and _returned(clues))
        or _turned(clues)
    ):
        return _other_way(clues)
    trips = clues.event is MovementKind.TRIPS
    clues = _as_crossing(clues)
    point = checkpoint(clues)
    if point is not None and clues.before is not None and not clues.at:
        clues = clues._replace(event=clues.before.event)
    origin, into, inferred = ends_of(clues, point)
    doubts = [*several(clues), *(_either_way(clues) if trips else [])]
    if origin is not None and into is not None and within(origin, into):
        doubts.append(Doubt.NO_DIRECTION)
        origin = into = None
    slug, through = _point(clues, point, origin, into)
    if slug and through is None:
        doubts.append(Doubt.SEVERAL_PLACES)
    into = through if slug else into
    slug = slug if through is not None else ""
    doubts += left_open(clues, origin, into, inferred)
    return _found(clues, origin, into, slug, doubts)._replace(weight=INFERRED**inferred, point=point)


def _as_crossing(clues: Clues) -> Clues:
    """The clues with the word of movement reduced to entry, exit or crossing."""
    match clues.event:
        case MovementKind.BACK:
            clues = clues._replace(event=MovementKind.CROSS, homeward=True)
        case MovementKind.OUT:
            clues = clues._replace(event=MovementKind.EXIT)
        case MovementKind.DRIVEN:
            clues = clues._replace(event=MovementKind.CROSS, places=_driven(clues))
        case MovementKind.TRIPS:
            clues = clues._replace(event=MovementKind.CROSS)
        case MovementKind.ENTRY | MovementKind.TAKES | MovementKind.EXIT | MovementKind.CROSS | MovementKind.OTHER_WAY:
            pass
        case _:
            assert_never(clues.event)
    return clues._replace(event=MovementKind.ENTRY) if _came_instead(clues) else clues


def _either_way(clues: Clues) -> list[Doubt]:
    """The doubt about crossings without a direction, which may count both directions."""
    stated = clues.before is not None or first(clues, PlaceRole.ORIGIN) or first(clues, PlaceRole.INTO)
    return [] if stated else [Doubt.NO_DIRECTION]


def _came_instead(clues: Clues) -> bool:
    """Whether a figure beside people who left is of people from elsewhere: "visitors from China numbered 421"."""
    before, origin = clues.before, first(clues, PlaceRole.ORIGIN)
    if clues.at is not None or before is None or origin is None:
        return False
    return before.event in (MovementKind.EXIT, MovementKind.OUT) and origin != before.origin


def _route(clues: Clues) -> list[TextMark]:
    """The places of the movement itself: Haiti is none in "migrants from Haiti entered Mexico from Guatemala"."""
    origins = [mark for mark in clues.places if mark.value.role is PlaceRole.ORIGIN]
    if clues.at is None or len(origins) < 2 or not origins[0].start < clues.at.start < origins[-1].start:
        return clues.places
    return [mark for mark in clues.places if mark.value.role is not PlaceRole.ORIGIN or mark.start > clues.at.start]


def _found(clues: Clues, origin: str | None, into: str | None, slug: str, doubts: list[Doubt]) -> Movement:
    """The movement, with the clues that it gives the next movement."""
    spans = tuple(mark.span for mark in ([clues.at] if clues.at else []) + clues.places)
    nation = origin is not None and origin == clues.citizens and first(clues, PlaceRole.ORIGIN) is None
    if clues.at is None and clues.before is not None:
        nation = nation and (clues.before.nation or clues.before.origin is None)
        nation = nation or (clues.before.nation and origin == clues.before.origin)
    border = bool(slug) or origin in borders(clues) or {origin, into} == clues.pair
    roles = {mark.value.role for mark in clues.places} & {PlaceRole.ORIGIN, PlaceRole.INTO}
    listed = roles.pop() if clues.at is None and len(roles) == 1 else None
    if listed is None and clues.at is None and clues.before is not None:
        listed = clues.before.listed
    unique = tuple(dict.fromkeys(doubts))
    movement = Movement(clues.event, origin, into, slug, spans, unique, nation=nation, border=border, listed=listed)
    movement = movement._replace(back=clues.homeward)
    ends = frozenset(code for code in (origin, into) if code)
    return movement._replace(pair=ends if border and len(ends) > 1 else _pair(clues))


def _pair(clues: Clues) -> frozenset[str]:
    """The two countries of the border in the sentence: of a checkpoint, or of "the border of A with B"."""
    point = checkpoint(clues)
    sides = frozenset((point.sides if point is not None else ()) or borders(clues))
    if len(sides) == 1 and clues.home is not None and clues.home not in sides and clues.home not in BLOCS:
        sides |= {clues.home}  # "the border with Russia", says Finland
    if len(sides) == 2:
        return sides
    return clues.before.pair if clues.together and clues.before is not None else clues.pair


def _point(clues: Clues, point: NamedPlace | None, origin: str | None, into: str | None) -> tuple[str, str | None]:
    """The slug of the checkpoint, and the country beyond it; None if the checkpoint leads to another country."""
    if point is None or origin is None:
        return "", None
    through = _through(point, origin, into)
    return ("", None) if through is None and point is front_of(clues) else (point.slug, through)


def _driven(clues: Clues) -> list[TextMark]:
    """The places, with the place of an event that drove people out as their origin."""
    start = clues.at.start if clues.at is not None else 0
    return [
        mark._replace(value=mark.value._replace(role=PlaceRole.ORIGIN))
        if mark.value.role is PlaceRole.WITHIN and mark.start < start
        else mark
        for mark in clues.places
    ]


def _returned(clues: Clues) -> bool:
    """Whether people who return are those of the movement before, because nothing else states the ends."""
    known = clues.before is not None and clues.before.flow is not None
    places = [mark.value for mark in clues.places]
    return known and all((place.same and not place.thither) or place.homeward for place in places)


def _turned(clues: Clues) -> bool:
    """Whether a figure without places counts people who crossed the same border in the other direction.

    So are departures beside the arrivals at a checkpoint, and arrivals beside those who left for somewhere.
    """
    before = clues.before
    if before is None or before.origin is None or before.into is None or clues.at is None or clues.further:
        return False
    if not clues.together and clues.event is not MovementKind.ENTRY:
        return False
    if any(code_of(mark.value, clues) != before.into for mark in clues.places if not mark.value.same):
        return False
    came = before.event not in (MovementKind.EXIT, MovementKind.OUT)
    if clues.event is MovementKind.EXIT:
        return came and (bool(before.slug) or before.border)
    if clues.event is MovementKind.OUT:
        return came and not before.nation
    seen_from = clues.home or (before.origin if clues.together else None)
    return clues.event is MovementKind.ENTRY and not came and seen_from == before.origin


def _through(point: NamedPlace, origin: str, into: str | None) -> str | None:
    """The country beyond a checkpoint for people from `origin`; None if the checkpoint leads to another country."""
    if point.sides == (origin,):  # out of a country by one of its airports
        return into
    behind = beyond(point, origin)
    fits = behind is not None and (into in (None, behind) or behind in BLOCS.get(into or "", ()))
    return behind if fits else None


def _other_way(clues: Clues) -> Movement:
    before = clues.before
    at = (clues.at.span,) if clues.at else ()
    if before is None or before.origin is None or before.into is None:
        return Movement(clues.event, None, None, spans=at, doubts=(Doubt.NO_DIRECTION,))
    return Movement(clues.event, before.into, before.origin, before.slug, at, before.doubts, before.weight)
