"""From where to where: a flow out of the words of movement, the places around them, and what was said before."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import NamedTuple

from streams.flows import BLOCS
from streams.statements.gazetteer import Checkpoint
from streams.statements.marks import Mark
from streams.statements.places import Place, Role
from streams.statements.records import Doubt, Span


class Event(enum.StrEnum):
    """A word of movement: into a country, out of one, over a border without saying which way, or the other way.

    TAKES is an ENTRY as told of the country that lets people in; OUT is an EXIT that only names a direction
    ("on exit", "departures"): beside those who came over a border, it is those who went back over it.
    """

    ENTRY = "entry"
    TAKES = "takes"
    EXIT = "exit"
    OUT = "out"
    CROSS = "cross"
    BACK = "back"
    OTHER_WAY = "other_way"


class Movement(NamedTuple):
    """Origin, destination (None: anywhere) and checkpoint of a claim, with where they were read and any doubts.

    `nation`: the origin follows from people's nationality; others in the same breath may come from elsewhere.
    `border`: a border or checkpoint was named, so that those who left went to the other side of it.
    `point`: the checkpoint, also where the direction is not known.
    """

    event: Event
    origin: str | None
    into: str | None
    slug: str = ""
    spans: tuple[Span, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    weight: float = 1.0
    nation: bool = False
    border: bool = False
    point: Place | None = None

    @property
    def flow(self) -> str | None:
        """The path; None where no origin is known."""
        if self.origin is None:
            return None
        return ":".join(part for part in (self.origin, self.into, self.slug if self.into else "") if part)


class Clues(NamedTuple):
    """What a segment says of a movement. `citizens`: the country the people are of; `home`: that of the source.

    `together`: the movement before is of the same sentence. `front`: a checkpoint in front of the sentence, of which
    all of it is said. `homeward`: people go back to where they are at home.
    """

    event: Event
    at: Mark | None
    places: list[Mark]
    citizens: str | None
    home: str | None
    before: Movement | None
    together: bool = False
    front: Mark | None = None
    homeward: bool = False


_Ends = tuple[str | None, str | None, int]
"""Origin, destination, and how many of them were inferred rather than said."""

INFERRED = 0.95
"""What one inferred part takes off the confidence: an origin that follows from people's nationality, say."""


def resolve(clues: Clues) -> Movement:
    """The movement that the clues come to."""
    if clues.event is Event.OTHER_WAY or (clues.event is Event.BACK and _returned(clues)) or _turned(clues):
        return _other_way(clues)
    if clues.event is Event.BACK:
        clues = clues._replace(event=Event.CROSS, homeward=True)
    if clues.event is Event.OUT:
        clues = clues._replace(event=Event.EXIT)
    point = _checkpoint(clues)
    if point is not None and clues.before is not None and not clues.at:
        clues = clues._replace(event=clues.before.event)
    origin, into, inferred = _ends(clues, point)
    doubts = [*_several(clues)]
    if origin is not None and into is not None and (origin == into or origin in BLOCS.get(into, ())):
        doubts.append(Doubt.NO_DIRECTION)
        origin = into = None
    slug, through = _point(clues, point, origin, into)
    if slug and through is None:
        doubts.append(Doubt.SEVERAL_PLACES)
    elif slug:
        into = through
    slug = slug if through is not None else ""
    doubts += _missing(clues, origin, into, inferred)
    doubts += _passed(clues, origin, into)
    doubts += _landed(clues, into) if not slug else ()
    if clues.at is None and clues.before is not None and clues.before.flow is not None:
        doubts += clues.before.doubts
    spans = tuple(mark.span for mark in ([clues.at] if clues.at else []) + clues.places)
    nation = origin is not None and origin == clues.citizens and _first(clues, Role.ORIGIN) is None
    if clues.at is None and clues.before is not None:
        nation = nation and (clues.before.nation or clues.before.origin is None)
    weight = INFERRED**inferred
    border = bool(slug) or origin in _borders(clues)
    return Movement(clues.event, origin, into, slug, spans, tuple(dict.fromkeys(doubts)), weight, nation, border, point)


def _point(clues: Clues, point: Place | None, origin: str | None, into: str | None) -> tuple[str, str | None]:
    """The slug of the checkpoint, and the country behind it; None for a country where it leads elsewhere."""
    if point is None or origin is None:
        return "", None
    through = _through(point, origin, into)
    return ("", None) if through is None and point is _front(clues) else (point.slug, through)


def _returned(clues: Clues) -> bool:
    """Whether those who return are of those who came before: nothing else says from where to where."""
    return clues.before is not None and clues.before.flow is not None and not clues.places


def _turned(clues: Clues) -> bool:
    """Whether a figure without places is of those who crossed the same border the other way.

    So are departures beside the arrivals at a checkpoint, and arrivals beside those who left for somewhere.
    """
    before = clues.before
    if before is None or not clues.together or before.origin is None or before.into is None or clues.at is None:
        return False
    if any(_code(mark.value, clues) != before.into for mark in clues.places if not mark.value.same):
        return False
    came = before.event not in (Event.EXIT, Event.OUT)
    if clues.event is Event.EXIT:
        return came and (bool(before.slug) or before.border)
    return came and not before.nation if clues.event is Event.OUT else clues.event is Event.ENTRY and not came


def _passed(clues: Clues, origin: str | None, into: str | None) -> Iterator[Doubt]:
    """A country that people only passed through, between where they came from and where they went."""
    through = {_code(mark.value, clues) for mark in clues.places if mark.value.through} - {None, origin, into}
    through -= BLOCS.get(into or "", frozenset())
    if through and (origin is not None or into is not None):
        yield Doubt.SEVERAL_PLACES


def _landed(clues: Clues, into: str | None) -> Iterator[Doubt]:
    """A region behind the word of movement that stands for the country it is a part of: "landed on Lampedusa"."""
    at = clues.at.start if clues.at is not None else 0
    regions = [mark for mark in clues.places if mark.value.region and mark.value.role is Role.BARE and mark.start > at]
    if clues.at is not None and any(mark.value.code == into for mark in regions):
        yield Doubt.PART_OF_COUNTRY


def _missing(clues: Clues, origin: str | None, into: str | None, inferred: int) -> Iterator[Doubt]:
    """What cannot be told of a movement."""
    if clues.event is Event.CROSS and (origin is None or (into is None and not _said(clues, origin))):
        yield Doubt.NO_DIRECTION
    elif origin is None:
        yield Doubt.NO_ORIGIN
    elif clues.event is Event.ENTRY and into is None:
        yield Doubt.NO_DESTINATION
    elif clues.event is Event.ENTRY and into == clues.home == clues.citizens and origin in _borders(clues):
        yield Doubt.NO_DIRECTION  # Russians who enter "the republic" over the border with Kazakhstan, says Russia
    before = clues.before
    if clues.event is Event.EXIT and into is None and inferred and before is not None and before.doubts:
        yield Doubt.NO_DESTINATION


def _said(clues: Clues, origin: str) -> bool:
    """Whether it is said in words where a movement begins: then it leads out of there, wherever to."""
    return any(mark.value.role is Role.ORIGIN and _code(mark.value, clues) == origin for mark in clues.places)


def _several(clues: Clues) -> Iterator[Doubt]:
    """What speaks against one flow: several places in one role, or only a part of a country, known or not."""
    if len({mark.value.slug for mark in clues.places} - {""}) > 1:
        yield Doubt.SEVERAL_PLACES
    goals = [mark.value.anywhere for mark in clues.places if mark.value.role is Role.INTO]
    if True in goals and False in goals:  # "home or on to third countries"
        yield Doubt.SEVERAL_PLACES
    if any(mark.value.unknown for mark in clues.places):
        yield Doubt.PART_OF_COUNTRY
    if any(mark.value.joined for mark in clues.places):
        yield Doubt.SEVERAL_PLACES
    # "crossed from Ukraine in Lublin region"; in front it is rather who speaks
    at = clues.at if _checkpoint(clues) is None else None
    for mark in clues.places:
        within = mark.value.role is Role.WITHIN and at is not None and at.start < mark.start
        if mark.value.region and (within or mark.value.role in (Role.INTO, Role.ORIGIN)):
            yield Doubt.PART_OF_COUNTRY
    for role in (Role.ORIGIN, Role.INTO):
        codes = {_code(mark.value, clues) for mark in clues.places if mark.value.role is role}
        if len(codes - {None}) > 1:
            yield Doubt.SEVERAL_PLACES


def _through(point: Place, origin: str, into: str | None) -> str | None:
    """The country behind a checkpoint for those who come from `origin`; None where it leads elsewhere."""
    sides = point.checkpoint.sides if point.checkpoint is not None else ()
    if sides == (origin,):  # out of a country by one of its airports
        return into
    beyond = point.checkpoint.beyond(origin) if point.checkpoint is not None else None
    fits = beyond is not None and (into in (None, beyond) or beyond in BLOCS.get(into or "", ()))
    return beyond if fits else None


def _other_way(clues: Clues) -> Movement:
    before = clues.before
    at = (clues.at.span,) if clues.at else ()
    if before is None or before.origin is None or before.into is None:
        return Movement(clues.event, None, None, spans=at, doubts=(Doubt.NO_DIRECTION,))
    return Movement(clues.event, before.into, before.origin, before.slug, at, before.doubts, before.weight)


def _checkpoint(clues: Clues) -> Place | None:
    points: list[Place] = [mark.value for mark in clues.places if mark.value.checkpoint is not None]
    if points:
        return points[-1] if len({point.slug for point in points}) == 1 else None
    before = clues.before
    if before is not None and before.slug and any(mark.value.same for mark in clues.places):
        return _remembered(before)
    if before is not None and before.slug and clues.at is None:
        others = {mark.value.code for mark in clues.places} - {before.origin, before.into}
        return None if others else _remembered(before)
    if before is not None and clues.together and before.flow is None and not clues.places:
        return before.point  # "63,000 passed Zamyn-Uud: 34,000 inbound"
    return _front(clues)


def _front(clues: Clues) -> Place | None:
    return None if clues.front is None else clues.front.value


def _remembered(before: Movement) -> Place | None:
    if before.origin is None or before.into is None:
        return None
    return Place(Role.WITHIN, None, before.slug, Checkpoint((before.origin, before.into)))


def _code(place: Place, clues: Clues) -> str | None:
    before = clues.before
    if place.again:
        return None if before is None else before.into
    if place.thither:
        return None if before is None else before.origin
    if place.homeward:
        return clues.citizens
    return clues.home if place.home else place.code


def _first(clues: Clues, *roles: Role) -> str | None:
    """The place of a role that is nearest to the word of movement; a home that is not known is none."""
    found = [mark for role in roles for mark in clues.places if mark.value.role is role]
    for mark in found:
        code = _code(mark.value, clues)
        if code is not None and mark.value.checkpoint is None:
            return code
    return None


def _object(clues: Clues) -> str | None:
    """A bare place right behind the word of movement ("entered Latvia"), else right before it ("Россию покинули")."""
    bare = [mark for mark in clues.places if mark.value.role is Role.BARE and mark.value.checkpoint is None]
    if clues.at is None:
        return next((code for mark in bare if (code := _code(mark.value, clues))), None)
    behind = [mark for mark in bare if 0 <= mark.start - clues.at.end <= 6]
    rest = sorted((mark for mark in bare if mark not in behind), key=lambda mark: -mark.start)
    return next((code for mark in [*behind, *rest] if (code := _code(mark.value, clues))), None)


def _ends(clues: Clues, point: Place | None) -> _Ends:
    """Origin and destination, and how many of the two were inferred rather than said."""
    said_from, said_into = _first(clues, Role.ORIGIN), _first(clues, Role.INTO)
    if said_from is None and said_into is None:
        said_from, said_into = _towns(clues)
    before = clues.before
    if clues.at is None and before is not None and not (said_from or said_into):
        return _like_before(clues, before)
    match clues.event:
        case Event.ENTRY:
            return _entry(clues, point, said_from, said_into)
        case Event.EXIT:
            return _exit(clues, point, said_from, said_into)
        case _:
            return _cross(clues, point, said_from, said_into)


def _towns(clues: Clues) -> tuple[str | None, str | None]:
    """The countries of the two towns of one checkpoint: "from Narva to Ivangorod"."""
    sides = {mark.value.role: mark.value.side for mark in clues.places if mark.value.checkpoint is not None}
    origin, into = sides.get(Role.ORIGIN), sides.get(Role.INTO)
    return (origin, into) if origin and into and origin != into else (None, None)


def _like_before(clues: Clues, before: Movement) -> _Ends:
    """Nothing but a figure, perhaps with a place ("8,536 Poland"): as the claim before it."""
    if before.origin is None or (before.nation and clues.citizens is not None):  # "of whom 29,636 were Ukrainians"
        before = before._replace(origin=clues.citizens if clues.citizens != before.into else None)
    place = _object(clues) or _first(clues, Role.WITHIN)
    if (
        place is None
        or any(mark.value.through for mark in clues.places)
        or any(mark.value.checkpoint for mark in clues.places)
    ):
        into = None if any(mark.value.checkpoint for mark in clues.places) else before.into
        return before.origin, into, 1
    if before.event is Event.EXIT and before.into is None:
        return place, None, 1
    return before.origin, place, 1


def _entry(clues: Clues, point: Place | None, origin: str | None, into: str | None) -> _Ends:
    inferred = 0
    if into is None:
        into = _first(clues, Role.WITHIN) or _object(clues) or _first(clues, Role.SPEAKER)
    borders = _borders(clues)
    if into is None and origin is None and clues.citizens in borders:  # "Finland's border with Russia": the other side
        origin, into = clues.citizens, next((one for one in borders if one != clues.citizens), None)
    if into is None and origin is not None:
        into = _beyond(point, origin)
    if into is None and not _named_elsewhere(clues):
        options = (clues.before.into if clues.before is not None else None, clues.home)
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
        beyond = _beyond(point, into)
        same = clues.before.origin if clues.before is not None else None
        for option in (*_borders(clues), beyond, clues.citizens, same):
            if option is not None and option != into:
                return option, into
    return origin, into


def _exit(clues: Clues, point: Place | None, origin: str | None, into: str | None) -> _Ends:
    if origin is not None:
        return origin, into, 0
    bare = _object(clues)
    if bare is not None and bare != into:
        return bare, into, 0
    if into is not None:
        beyond = _beyond(point, into)
        speaker = _first(clues, Role.SPEAKER)
        for option in (beyond, clues.citizens, speaker, clues.home):
            if option is not None and option != into:
                return option, into, 1
    before = clues.before
    if before is not None and before.event is not Event.EXIT and before.into is not None:
        return before.into, into, 1
    return _first(clues, Role.SPEAKER) or (before.origin if before else None) or clues.home or clues.citizens, into, 1


def _cross(clues: Clues, point: Place | None, origin: str | None, into: str | None) -> _Ends:
    if into is None and clues.homeward and clues.citizens != origin:
        into = clues.citizens
    if into is not None:
        return _cross_into(clues, point, origin, into)
    if origin is not None:
        within = _first(clues, Role.WITHIN, Role.SPEAKER)
        home = None if any(mark.value.anywhere for mark in clues.places) else clues.home
        options = (_beyond(point, origin), within, _object(clues), home)
        return origin, next((one for one in options if one is not None and one != origin), None), 1
    before, nation = clues.before, clues.citizens
    if nation is None and before is not None and before.origin and before.into and not _borders(clues):
        return before.origin, before.into, 1  # "yesterday 79,800 crossed the border"
    sides = [_beyond(point, nation), *_borders(clues), _first(clues, Role.SPEAKER)]
    other = next((code for code in sides if code is not None and code != nation), None)
    return (nation, other, 2) if nation is not None and other is not None else (None, None, 2)


def _borders(clues: Clues) -> list[str]:
    return [code for mark in clues.places if mark.value.role is Role.BORDER and (code := _code(mark.value, clues))]


def _cross_into(clues: Clues, point: Place | None, origin: str | None, into: str) -> _Ends:
    if origin is not None:
        return origin, into, 0
    before = clues.before
    if before is not None and before.origin == into and before.into is not None:
        return before.into, into, 1  # those who came, and those who went back
    found, _ = _origin_of(clues._replace(before=None), point, None, into)
    same = before.origin if before is not None else None
    options = (found, same, _first(clues, Role.SPEAKER), clues.home)
    return next((one for one in options if one is not None and one != into), None), into, 1


def _beyond(point: Place | None, code: str | None) -> str | None:
    """The other side of a checkpoint, if there is one."""
    return point.checkpoint.beyond(code) if point is not None and point.checkpoint is not None else None
