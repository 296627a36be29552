"""From where to where: a flow out of the words of movement, the places around them, and what was said before."""

from __future__ import annotations

from streams.flows import BLOCS
from streams.statements.clues import (
    Clues,
    Event,
    Movement,
    beyond,
    borders,
    checkpoint,
    code_of,
    first,
    front_of,
    object_of,
    towns,
)
from streams.statements.doubting import left_open, several
from streams.statements.marks import Mark
from streams.statements.places import Place, Role
from streams.statements.records import Doubt

_Ends = tuple[str | None, str | None, int]
"""Origin, destination, and how many of them were inferred rather than said."""

INFERRED = 0.95
"""What one inferred part takes off the confidence: an origin that follows from people's nationality, say."""


def resolve(clues: Clues) -> Movement:
    """The movement that the clues come to."""
    clues = clues._replace(places=_route(clues))
    if clues.event is Event.OTHER_WAY and first(clues, Role.ORIGIN) and first(clues, Role.INTO):
        clues = clues._replace(event=Event.CROSS)
    again = clues.returned or (clues.before is not None and clues.before.back)
    if clues.event is Event.BACK and again and clues.part and not clues.further and _returned(clues):
        return _other_way(clues._replace(before=None))  # "300 of them came back": home, or from there once more?
    if clues.event is Event.BACK and again and _returned(clues):
        clues = clues._replace(event=Event.CROSS, further=True)
    if clues.event is Event.OTHER_WAY or (clues.event is Event.BACK and _returned(clues)) or _turned(clues):
        return _other_way(clues)
    trips = clues.event is Event.TRIPS
    clues = _as_crossing(clues)
    point = checkpoint(clues)
    if point is not None and clues.before is not None and not clues.at:
        clues = clues._replace(event=clues.before.event)
    origin, into, inferred = _ends(clues, point)
    doubts = [*several(clues), *(_either_way(clues) if trips else [])]
    if origin is not None and into is not None and _same(origin, into):
        doubts.append(Doubt.NO_DIRECTION)
        origin = into = None
    slug, through = _point(clues, point, origin, into)
    if slug and through is None:
        doubts.append(Doubt.SEVERAL_PLACES)
    into = through if slug else into
    slug = slug if through is not None else ""
    doubts += left_open(clues, origin, into, slug, inferred)
    return _found(clues, origin, into, slug, doubts)._replace(weight=INFERRED**inferred, point=point)


def _as_crossing(clues: Clues) -> Clues:
    """The clues with a word of movement that is an entry, an exit or a crossing, all others put as one of these."""
    match clues.event:
        case Event.BACK:
            clues = clues._replace(event=Event.CROSS, homeward=True)
        case Event.OUT:
            clues = clues._replace(event=Event.EXIT)
        case Event.DRIVEN:
            clues = clues._replace(event=Event.CROSS, places=_driven(clues))
        case Event.TRIPS:
            clues = clues._replace(event=Event.CROSS)
    return clues._replace(event=Event.ENTRY) if _came_instead(clues) else clues


def _either_way(clues: Clues) -> list[Doubt]:
    """Crossings that are counted are of both directions, where nothing says of which."""
    said = clues.before is not None or first(clues, Role.ORIGIN) or first(clues, Role.INTO)
    return [] if said else [Doubt.NO_DIRECTION]


def _same(origin: str, into: str) -> bool:
    """Whether two ends are no border apart: the same country, or a bloc and one of its members."""
    return origin == into or origin in BLOCS.get(into, ()) or into in BLOCS.get(origin, ())


def _came_instead(clues: Clues) -> bool:
    """Whether a figure beside one of those who left is of people from elsewhere: "visitors from China numbered 421"."""
    before, origin = clues.before, first(clues, Role.ORIGIN)
    if clues.at is not None or before is None or origin is None:
        return False
    return before.event in (Event.EXIT, Event.OUT) and origin != before.origin


def _route(clues: Clues) -> list[Mark]:
    """The places of the way itself: of "migrants from Haiti entered Mexico from Guatemala" Haiti is none."""
    origins = [mark for mark in clues.places if mark.value.role is Role.ORIGIN]
    if clues.at is None or len(origins) < 2 or not origins[0].start < clues.at.start < origins[-1].start:
        return clues.places
    return [mark for mark in clues.places if mark.value.role is not Role.ORIGIN or mark.start > clues.at.start]


def _found(clues: Clues, origin: str | None, into: str | None, slug: str, doubts: list[Doubt]) -> Movement:
    """The movement, with what it says to the one after it."""
    spans = tuple(mark.span for mark in ([clues.at] if clues.at else []) + clues.places)
    nation = origin is not None and origin == clues.citizens and first(clues, Role.ORIGIN) is None
    if clues.at is None and clues.before is not None:
        nation = nation and (clues.before.nation or clues.before.origin is None)
    border = bool(slug) or origin in borders(clues) or {origin, into} == clues.pair
    roles = {mark.value.role for mark in clues.places} & {Role.ORIGIN, Role.INTO}
    listed = roles.pop() if clues.at is None and len(roles) == 1 else None
    if listed is None and clues.at is None and clues.before is not None:
        listed = clues.before.listed
    held = tuple(dict.fromkeys(doubts))
    found = Movement(clues.event, origin, into, slug, spans, held, nation=nation, border=border, listed=listed)
    found = found._replace(back=clues.homeward)
    ends = frozenset(code for code in (origin, into) if code)
    return found._replace(pair=ends if border and len(ends) > 1 else _pair(clues))


def _pair(clues: Clues) -> frozenset[str]:
    """The two countries of the border that a sentence is about: that of a checkpoint, or "the border of A with B"."""
    point = checkpoint(clues)
    sides = frozenset((point.sides if point is not None else ()) or borders(clues))
    if len(sides) == 1 and clues.home is not None and clues.home not in sides and clues.home not in BLOCS:
        sides |= {clues.home}  # "the border with Russia", says Finland
    if len(sides) == 2:
        return sides
    return clues.before.pair if clues.together and clues.before is not None else clues.pair


def _opposite(clues: Clues, code: str | None) -> str | None:
    """The country on the other side of the border that the sentence is about."""
    named = set(borders(clues))
    if len(named) == 1 and code not in named:
        return named.pop()
    pair = clues.before.pair if clues.together and clues.before is not None else clues.pair
    return next(iter(pair - {code}), None) if code in pair else None


def _point(clues: Clues, point: Place | None, origin: str | None, into: str | None) -> tuple[str, str | None]:
    """The slug of the checkpoint, and the country behind it; None for a country where it leads elsewhere."""
    if point is None or origin is None:
        return "", None
    through = _through(point, origin, into)
    return ("", None) if through is None and point is front_of(clues) else (point.slug, through)


def _driven(clues: Clues) -> list[Mark]:
    """The places, where that happened which drove people out being where they came from."""
    start = clues.at.start if clues.at is not None else 0
    return [
        mark._replace(value=mark.value._replace(role=Role.ORIGIN))
        if mark.value.role is Role.WITHIN and mark.start < start
        else mark
        for mark in clues.places
    ]


def _returned(clues: Clues) -> bool:
    """Whether those who return are of those who came before: nothing else says from where to where."""
    known = clues.before is not None and clues.before.flow is not None
    return known and all(mark.value.same and not mark.value.thither for mark in clues.places)


def _turned(clues: Clues) -> bool:
    """Whether a figure without places is of those who crossed the same border the other way.

    So are departures beside the arrivals at a checkpoint, and arrivals beside those who left for somewhere.
    """
    before = clues.before
    if before is None or before.origin is None or before.into is None or clues.at is None or clues.further:
        return False
    if not clues.together and clues.event is not Event.ENTRY:
        return False
    if any(code_of(mark.value, clues) != before.into for mark in clues.places if not mark.value.same):
        return False
    came = before.event not in (Event.EXIT, Event.OUT)
    if clues.event is Event.EXIT:
        return came and (bool(before.slug) or before.border)
    if clues.event is Event.OUT:
        return came and not before.nation
    seen_from = clues.home or (before.origin if clues.together else None)
    return clues.event is Event.ENTRY and not came and seen_from == before.origin


def _through(point: Place, origin: str, into: str | None) -> str | None:
    """The country behind a checkpoint for those who come from `origin`; None where it leads elsewhere."""
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


def _ends(clues: Clues, point: Place | None) -> _Ends:
    """Origin and destination, and how many of the two were inferred rather than said."""
    said_from, said_into = first(clues, Role.ORIGIN), first(clues, Role.INTO)
    if said_from is None and said_into is None:
        said_from, said_into = towns(clues)
    before = clues.before
    if clues.at is None and before is not None and not (said_from or said_into):
        return _like_before(clues, before)
    if clues.further and before is not None and not (said_from or said_into or object_of(clues)):
        return before.origin, before.into, 1  # "another 6,500 left by the same crossing"
    match clues.event:
        case Event.ENTRY:
            return _entry(clues, point, said_from, said_into)
        case Event.EXIT:
            return _exit(clues, point, said_from, said_into)
        case _:
            return _cross(clues, point, said_from, said_into)


def _like_before(clues: Clues, before: Movement) -> _Ends:
    """Nothing but a figure, perhaps with a place ("8,536 Poland"): as the claim before it."""
    if before.origin is None or (before.nation and clues.citizens is not None):  # "of whom 29,636 were Ukrainians"
        before = before._replace(origin=clues.citizens if clues.citizens != before.into else None)
    over = [code for code in borders(clues) if code not in (before.origin, before.into)]
    if len(over) == 1 and before.into is not None and not before.slug:
        return over[0], before.into, 1  # "3,957 came in at the border with Ukraine, at that with Moldova 1,842"
    place = object_of(clues) or first(clues, Role.WITHIN)
    at_a_point = any(mark.value.checkpoint for mark in clues.places)
    if place is None or at_a_point or any(mark.value.through for mark in clues.places):
        return before.origin, None if at_a_point else before.into, 1
    if before.event is Event.EXIT and before.into is None and before.listed is not Role.INTO:
        fled = place != before.origin and not first(clues, Role.WITHIN)
        return (before.origin, place, 1) if fled else (place, None, 1)
    if before.listed is Role.ORIGIN:
        return place, before.into, 1
    return before.origin, place, 1


def _entry(clues: Clues, point: Place | None, origin: str | None, into: str | None) -> _Ends:
    inferred = 0
    if into is None:
        into = first(clues, Role.WITHIN) or object_of(clues) or first(clues, Role.SPEAKER)
    sides = borders(clues)
    if into is None and origin is None and clues.citizens in sides:  # "Finland's border with Russia": the other side
        origin, into = clues.citizens, next((one for one in sides if one != clues.citizens), None)
    if into is None and origin is not None:
        into = beyond(point, origin)
    if into is None and not _named_elsewhere(clues):
        before = clues.before
        options = [None if before is None else before.into, clues.home]
        if before is not None and (before.event in (Event.EXIT, Event.OUT) or before.origin == clues.home):
            options.reverse()  # those before went away from where these came
        into, inferred = next((one for one in options if one is not None and one != origin), None), 1
    return *_origin_of(clues, point, origin, into), inferred + (origin is None)


def _named_elsewhere(clues: Clues) -> bool:
    """Whether a country is named as the goal, only not one that is known ("the country" of a source without one)."""
    return any(mark.value.home and clues.home is None for mark in clues.places)


def _origin_of(
    clues: Clues, point: Place | None, origin: str | None, into: str | None
) -> tuple[str | None, str | None]:
    """The origin of people who came into a place: said, over the border, through the checkpoint, of nationality."""
    if origin is None:
        other_side = beyond(point, into)
        before = clues.before
        same = None if before is None else before.into if before.origin == into else before.origin
        for option in (*borders(clues), other_side, _opposite(clues, into), clues.citizens, clues.scene, same):
            if option is not None and option != into:
                return option, into
    return origin, into


def _exit(clues: Clues, point: Place | None, origin: str | None, into: str | None) -> _Ends:
    if origin is not None:
        return origin, into or _opposite(clues, origin), 0
    bare = object_of(clues)
    if bare is not None and bare != into:
        return bare, into or _opposite(clues, bare), 0
    if into is not None:
        other_side = beyond(point, into)
        speaker = first(clues, Role.SPEAKER)
        went_on = None
        before = clues.before
        if before is not None and before.event not in (Event.EXIT, Event.OUT):
            went_on = before.into if clues.together or before.into == clues.home else None
        for option in (other_side, went_on, clues.citizens, speaker, clues.home):
            if option is not None and option != into:
                return option, into, 1
    before = clues.before
    if before is not None and before.event is not Event.EXIT and before.into is not None:
        left = before.origin if before.origin == clues.home and before.origin else before.into
        return left, into or _opposite(clues, left), 1
    return first(clues, Role.SPEAKER) or (before.origin if before else None) or clues.home or clues.citizens, into, 1


def _cross(clues: Clues, point: Place | None, origin: str | None, into: str | None) -> _Ends:
    if into is None and clues.homeward and clues.citizens != origin:
        into = clues.citizens
    if into is not None:
        return _cross_into(clues, point, origin, into)
    if origin is not None:
        within = first(clues, Role.WITHIN, Role.SPEAKER)
        home = None if any(mark.value.anywhere for mark in clues.places) else clues.home
        options = (beyond(point, origin), within, object_of(clues), home)
        return origin, next((one for one in options if one is not None and one != origin), None), 1
    before, nation = clues.before, clues.citizens
    if nation is None and before is not None and before.origin and before.into and not borders(clues):
        return before.origin, before.into, 1  # "yesterday 79,800 crossed the border"
    shared = {*borders(clues), *(point.sides if point is not None else ())}
    if nation is None and clues.refuge and clues.home in shared and len(shared) == 2:
        return next(code for code in shared if code != clues.home), clues.home, 2
    if nation is not None and any(one.into == nation for one in clues.lately):
        return _going_on(clues, point)
    sides = [beyond(point, nation), *borders(clues), first(clues, Role.SPEAKER)]
    other = next((code for code in sides if code is not None and code != nation), None)
    return (nation, other, 2) if nation is not None and other is not None else (None, None, 2)


def _going_on(clues: Clues, point: Place | None) -> _Ends:
    """Behind people who went home: others of them at a checkpoint of that border did so too, elsewhere nobody knows.

    "43,000 Afghans returned from Iran; 29,600 passed through Islam Qala."
    """
    sides = set(point.sides if point is not None else ()) or set(borders(clues))
    ways = {(one.origin, one.into) for one in clues.lately if one.into is not None and one.origin is not None}
    fitting = [(origin, into) for origin, into in ways if sides <= {origin, into}]
    return (*fitting[0], 1) if len(ways) == len(fitting) == 1 else (None, None, 2)


def _cross_into(clues: Clues, point: Place | None, origin: str | None, into: str) -> _Ends:
    if origin is not None:
        return origin, into, 0
    before = clues.before
    if before is not None and before.origin == into and before.into is not None:
        return before.into, into, 1  # those who came, and those who went back
    found, _ = _origin_of(clues._replace(before=None), point, None, into)
    same = before.origin if before is not None else None
    options = (found, same, first(clues, Role.SPEAKER), clues.home)
    return next((one for one in options if one is not None and one != into), None), into, 1
