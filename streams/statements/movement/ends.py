"""The ends of a movement: its origin and destination, stated or inferred from the text before."""

from __future__ import annotations

from typing import assert_never

from bordertally.streams.statements.lexicon.places import NamedPlace, PlaceRole
from bordertally.streams.statements.movement.clues import (
    Clues,
    Movement,
    MovementKind,
    beyond,
    borders,
    first,
    object_of,
    speaker,
    towns,
    within,
)

_Ends = tuple[str | None, str | None, int]
"""Origin, destination, and how many of them were inferred rather than said."""


def _opposite(clues: Clues, code: str | None) -> str | None:
    """The country on the other side of the border that the sentence is about."""
    named = set(borders(clues))
    if len(named) == 1 and code not in named:
        return named.pop()
    pair = clues.before.pair if clues.together and clues.before is not None else clues.pair
    return next(iter(pair - {code}), None) if code in pair else None


def ends_of(clues: Clues, point: NamedPlace | None) -> _Ends:
    """Origin and destination, and how many of the two were inferred."""
    said_from, said_into = first(clues, PlaceRole.ORIGIN), first(clues, PlaceRole.INTO)
    if said_from is None and said_into is None:
        said_from, said_into = towns(clues)
    if said_into is None and clues.event is MovementKind.ENTRY:
        said_into = _town(clues, PlaceRole.INTO)  # "came to Renk": into the country that the town lies in
    before = clues.before
    carried_on = None if before is None else _carried_on(clues, before, said_from, said_into)
    if carried_on is not None:
        return carried_on
    match clues.event:
        case MovementKind.ENTRY:
            return _entry(clues, point, said_from, said_into)
        case MovementKind.CROSS if (edge := _only_way(clues, point)) is not None and not (said_from or said_into):
            return edge, beyond(point, edge), 1
        case MovementKind.EXIT:
            return _exit(clues, point, said_from, said_into)
        case (
            MovementKind.TAKES
            | MovementKind.OUT
            | MovementKind.CROSS
            | MovementKind.BACK
            | MovementKind.OTHER_WAY
            | MovementKind.DRIVEN
            | MovementKind.TRIPS
        ):
            return _cross(clues, point, said_from, said_into)
        case _:
            assert_never(clues.event)


def _carried_on(clues: Clues, before: Movement, origin: str | None, into: str | None) -> _Ends | None:
    """The ends of a figure that goes on from the movement before it; None if it stands for itself."""
    if clues.at is None and not (origin or into):
        return _like_before(clues, before)
    # "12,000 came back from Iran and 4,900 from Pakistan"; "another 6,500 left by the same crossing"
    listed = clues.at is None and clues.together and origin and not into and before.into not in (None, origin)
    if listed or (clues.further and not (origin or into or object_of(clues))):
        return origin or before.origin, before.into, 1
    if not clues.part or clues.at is None or origin is not None:
        return None
    if before.into is not None and into is not None and _beyond(before, into):
        return before.into, into, 1  # "8,114 came to Slovenia, of whom 5,200 have crossed into Austria"
    over = set(borders(clues)) - {before.origin}
    if before.into is None and into is None and before.origin is not None and len(over) == 1:
        return before.origin, over.pop(), 1  # "47,000 left Ukraine; 28,000 of them crossed the Polish border"
    return None


def _only_way(clues: Clues, point: NamedPlace | None) -> str | None:
    """The country of the region of the crossing, if only one checkpoint leads out of it."""
    if point is None or not any(mark.value.edge == point.slug for mark in clues.places):
        return None
    return point.side


def _town(clues: Clues, role: PlaceRole) -> str | None:
    """The country of the only town of a role that lies on one side of a checkpoint."""
    sides = {mark.value.side for mark in clues.places if mark.value.checkpoint is not None and mark.value.role is role}
    return sides.pop() if len(sides) == 1 else None


def _like_before(clues: Clues, before: Movement) -> _Ends:
    """The ends of a bare figure, perhaps with a place ("8,536 Poland"): those of the claim before it."""
    if before.origin is None or (before.nation and clues.citizens is not None):  # "of whom 29,636 were Ukrainians"
        before = before._replace(origin=clues.citizens if clues.citizens != before.into else None)
    place = object_of(clues) or first(clues, PlaceRole.WITHIN)
    at_a_point = any(mark.value.checkpoint for mark in clues.places)
    if place is None or at_a_point or any(mark.value.through for mark in clues.places):
        return before.origin, None if at_a_point else before.into, 1
    goal = first(clues, PlaceRole.INTO, PlaceRole.WITHIN) == place
    ends: tuple[str | None, str | None] = (before.origin, place)
    if before.listed is PlaceRole.ORIGIN:
        ends = (place, before.into)
    return *ends, 1 if goal or before.listed is not None else 2  # "ahead of China with 1.74 million"


def _entry(clues: Clues, point: NamedPlace | None, origin: str | None, into: str | None) -> _Ends:
    inferred = 0
    if into is None:
        passed = [mark for mark in clues.places if not mark.value.through]  # "who came via Romania" came not into it
        into = first(clues._replace(places=passed), PlaceRole.WITHIN) or object_of(clues) or speaker(clues)
    if into is None and origin is not None:
        into = beyond(point, origin)
    if into is None and not _named_elsewhere(clues):
        before = clues.before
        options = [None if before is None else before.into, clues.home]
        if before is not None and (
            before.event in (MovementKind.EXIT, MovementKind.OUT) or before.origin == clues.home
        ):
            options.reverse()  # those before went away from where these came
        into, inferred = next((option for option in options if option is not None and option != origin), None), 1
    return *_origin_of(clues, point, origin, into), inferred + (origin is None)


def _named_elsewhere(clues: Clues) -> bool:
    """Whether a destination is named but not known ("the country" of a source without a country)."""
    return any(mark.value.home and clues.home is None for mark in clues.places)


def _origin_of(
    clues: Clues, point: NamedPlace | None, origin: str | None, into: str | None
) -> tuple[str | None, str | None]:
    """The origin of people who entered a place: as stated, or inferred from border, checkpoint or nationality."""
    if origin is None:
        other_side = beyond(point, into)
        before = clues.before
        same = None if before is None else before.into if before.origin == into else before.origin
        again = next((movement.origin for movement in reversed(clues.sentence) if movement.into == into), None)
        for option in (*borders(clues), other_side, _opposite(clues, into), clues.citizens, clues.scene, same, again):
            if option is not None and option != into:
                return option, into
    return origin, into


def _exit(clues: Clues, point: NamedPlace | None, origin: str | None, into: str | None) -> _Ends:
    if origin is not None:
        return origin, into or _opposite(clues, origin), 0
    bare = object_of(clues)
    if bare is not None and bare != into:
        return bare, into, 0
    if into is not None:
        other_side = beyond(point, into)
        said_by = speaker(clues)
        went_on = None
        before = clues.before
        if before is not None and before.event not in (MovementKind.EXIT, MovementKind.OUT):
            went_on = before.into if clues.together or before.into == clues.home else None
        for option in (other_side, went_on, clues.citizens, said_by, clues.home):
            if option is not None and option != into:
                return option, into, 1
    before = clues.before
    if before is not None and before.event is not MovementKind.EXIT and before.into is not None:
        left = before.origin if before.origin == clues.home and before.origin else before.into
        return left, into or _opposite(clues, left), 1
    return (
        speaker(clues) or (before.origin if before else None) or clues.home or clues.citizens,
        into,
        1,
    )


def _cross(clues: Clues, point: NamedPlace | None, origin: str | None, into: str | None) -> _Ends:
    if into is None and clues.homeward and clues.citizens != origin:
        into = clues.citizens
    if into is not None:
        return _cross_into(clues, point, origin, into)
    if origin is not None:
        within = first(clues, PlaceRole.WITHIN) or speaker(clues)
        home = None if any(mark.value.anywhere for mark in clues.places) else clues.home
        # others of a nation that went home: 8,200 Afghans came back from Pakistan, and 230,000 crossed from Iran
        back = clues.citizens if any(movement.into == clues.citizens for movement in clues.lately) else None
        options = (beyond(point, origin), within, object_of(clues), *borders(clues), home, back)
        return origin, next((option for option in options if option is not None and option != origin), None), 1
    before, nation = clues.before, clues.citizens
    if nation is None and before is not None and before.origin and before.into and not borders(clues):
        return before.origin, before.into, 1  # "yesterday 79,800 crossed the border"
    shared = {*borders(clues), *(point.sides if point is not None else ())}
    if nation is None and clues.refuge and clues.home in shared and len(shared) == 2:
        return next(code for code in shared if code != clues.home), clues.home, 2
    returned = any(movement.back for movement in clues.lately)
    if returned if nation is None else any(movement.into == nation for movement in clues.lately):
        return _going_on(clues, point)
    # Russians over the Belarusian-Latvian border: which way?
    foreign = len(set(borders(clues))) > 1 and nation not in borders(clues)
    sides = [beyond(point, nation), *borders(clues), speaker(clues)]
    other = next((code for code in sides if code is not None and code != nation), None)
    known = nation is not None and other is not None and not foreign
    return (nation, other, 2) if known else (None, None, 2)


def _going_on(clues: Clues, point: NamedPlace | None) -> _Ends:
    """The ends after people who returned home: others at a checkpoint of that border did the same.

    "43,000 Afghans returned from Iran; 29,600 passed through Islam Qala."
    """
    sides = set(point.sides if point is not None else ()) or set(borders(clues))
    ways = {
        (movement.origin, movement.into)
        for movement in clues.lately
        if movement.into is not None and movement.origin is not None
    }
    fitting = [(origin, into) for origin, into in ways if sides <= {origin, into}]
    return (*fitting[0], 1) if len(ways) == len(fitting) == 1 else (None, None, 2)


def _beyond(before: Movement, into: str) -> bool:
    """Whether a destination is another country than both ends of the movement before."""
    return before.origin != into and before.into is not None and not within(before.into, into)


def _cross_into(clues: Clues, point: NamedPlace | None, origin: str | None, into: str) -> _Ends:
    if origin is not None:
        return origin, into, 0
    before = clues.before
    if before is not None and before.origin == into and before.into is not None:
        return before.into, into, 1  # those who came, and those who went back
    if clues.together and before is not None and before.into not in {None, into} and into == clues.citizens:
        return before.into, into, 1  # Hondurans who came to Mexico from Guatemala, and who have gone back to Honduras
    implied, _ = _origin_of(clues._replace(before=None), point, None, into)
    same = before.origin if before is not None else None
    options = (implied, same, speaker(clues), clues.home)
    return next((option for option in options if option is not None and option != into), None), into, 1
