"""Clues to a movement: what a segment states about origin and destination, and what it leaves open."""

from __future__ import annotations

import enum
from typing import NamedTuple

from bordertally.streams.flows import BLOCS
from bordertally.streams.statements.lexicon.gazetteer import Checkpoint
from bordertally.streams.statements.lexicon.marks import TextMark
from bordertally.streams.statements.lexicon.places import NamedPlace, PlaceRole
from bordertally.streams.statements.records import Doubt, Span


class MovementKind(enum.StrEnum):
    """A word of movement: into a country, out of one, over a border without saying which way, or the other way.

    TAKES is an ENTRY as told of the country that lets people in; OUT is an EXIT that only names a direction
    ("on exit", "departures"): beside those who came over a border, it is those who went back over it. DRIVEN is a CROSS
    as told of what drove people out of where it happened, and TRIPS one that says of nobody which way they went.
    """

    ENTRY = "entry"
    TAKES = "takes"
    EXIT = "exit"
    OUT = "out"
    CROSS = "cross"
    BACK = "back"
    OTHER_WAY = "other_way"
    DRIVEN = "driven"
    TRIPS = "trips"


class Movement(NamedTuple):
    """Origin, destination (None: anywhere) and checkpoint of a claim, with where they were read and any doubts.

    `nation`: the origin follows from people's nationality; others in the same breath may come from elsewhere.
    `border`: a border or checkpoint was named, so that those who left went to the other side of it.
    `pair`: the two countries of a border that was named. `listed`: what the place of one figure of a list was to it.
    `back`: people went back to where they came from.
    `point`: the checkpoint, also where the direction is not known.
    """

    event: MovementKind
    origin: str | None
    into: str | None
    slug: str = ""
    spans: tuple[Span, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    weight: float = 1.0
    nation: bool = False
    border: bool = False
    listed: PlaceRole | None = None
    pair: frozenset[str] = frozenset()
    point: NamedPlace | None = None
    back: bool = False

    @property
    def flow(self) -> str | None:
        """The path of the flow; None if no origin is known."""
        if self.origin is None:
            return None
        return ":".join(part for part in (self.origin, self.into, self.slug if self.into else "") if part)


class Clues(NamedTuple):
    """What a segment says of a movement. `citizens`: the country the people are of; `home`: that of the source.

    `together`: the movement before is of the same sentence. `front`: a checkpoint in front of the sentence, of which
    all of it is said. `scene`: the country where that began since which is counted.
    `homeward`: people go back to where they are at home. `part`: they are some of those in the movement before.
    `pair`: the two countries of the border that the sentence before counted both ways.
    `apart`: it is not of the checkpoint of those before: more is counted, or a clause of its own begins.
    `further`: they come on top of those in the movement before.
    `lately`: the movements of the sentence before, and those of this one so far (`sentence`).
    `beside`: the countries that share a checkpoint with that of `citizens`.
    `refuge`: they are refugees or migrants, who come into the country that speaks of them.
    """

    event: MovementKind
    at: TextMark | None
    places: list[TextMark]
    citizens: str | None
    home: str | None
    before: Movement | None
    together: bool = False
    front: TextMark | None = None
    scene: str | None = None
    homeward: bool = False
    part: bool = False
    refuge: bool = False
    pair: frozenset[str] = frozenset()
    apart: bool = False
    further: bool = False
    lately: tuple[Movement, ...] = ()
    sentence: tuple[Movement, ...] = ()
    beside: frozenset[str] = frozenset()


def checkpoint(clues: Clues) -> NamedPlace | None:
    """The one checkpoint of the movement: named in the segment, in front of it, or in the text before."""
    points: list[NamedPlace] = [mark.value for mark in clues.places if mark.value.checkpoint is not None]
    points = [point for point in points if point.slug] or ([] if clues.front is not None else points)
    if points:
        return points[-1] if len({point.slug for point in points}) == 1 else None
    before = clues.before
    if before is not None and before.slug and (clues.part or any(mark.value.same for mark in clues.places)):
        return _remembered(before)
    if before is not None and before.slug and clues.at is None:
        others = {mark.value.code for mark in clues.places} - {before.origin, before.into}
        return None if others else _remembered(before)
    if before is not None and before.slug and clues.at is not None and stays(clues, before):
        return _remembered(before)
    return _edge(clues) or front_of(clues)


def _edge(clues: Clues) -> NamedPlace | None:
    """The only checkpoint of the region of the crossing, if no country is named except the one beyond it."""
    regions = {mark.value for mark in clues.places if mark.value.edge}
    region = regions.pop()._replace(role=PlaceRole.WITHIN) if len(regions) == 1 else None
    if region is None or region.across is None or clues.event is not MovementKind.CROSS or clues.at is None:
        return None
    return NamedPlace(
        PlaceRole.WITHIN, None, region.edge, Checkpoint((region.code or "", region.across)), side=region.code
    )


def stays(clues: Clues, before: Movement) -> bool:
    """Whether a movement without a place of its own is at the checkpoint of the movement before it."""
    ends = {before.origin, before.into}
    if any(mark.value.same for mark in clues.places):
        return True
    if clues.apart or not all(code_of(mark.value, clues) in ends for mark in clues.places):
        return False
    return clues.together if clues.places else True


def front_of(clues: Clues) -> NamedPlace | None:
    """The checkpoint in front of the sentence."""
    return None if clues.front is None else clues.front.value


def _remembered(before: Movement) -> NamedPlace | None:
    if before.origin is None or before.into is None:
        return None
    return NamedPlace(PlaceRole.WITHIN, None, before.slug, Checkpoint((before.origin, before.into)))


def code_of(place: NamedPlace, clues: Clues) -> str | None:
    """The country of a place, also of a place that only refers back; None if it is not known."""
    before = clues.before
    if place.again:
        into = first(clues._replace(before=None), PlaceRole.INTO)
        return None if before is None else before.origin if before.into == into else before.into
    if place.thither:
        return None if before is None else before.origin
    if place.homeward:
        return clues.citizens
    return clues.home if place.home else place.code


def first(clues: Clues, *roles: PlaceRole) -> str | None:
    """The place of a role that is nearest to the word of movement; an unknown home does not count."""
    marks = [mark for role in roles for mark in clues.places if mark.value.role is role]
    for mark in marks:
        code = code_of(mark.value, clues)
        if code is not None and mark.value.checkpoint is None:
            return code
    return None


def speaker(clues: Clues) -> str | None:
    """The country of the speaker: the last one named before the word of movement, else the first.

    "Slovakia said that 9,540 had come, while Hungary reported 11,020 arrivals" has two.
    """
    marks = [mark for mark in clues.places if mark.value.role is PlaceRole.SPEAKER]
    at = clues.at.start if clues.at is not None else 0
    ahead = [mark for mark in marks if mark.end <= at]
    return first(clues._replace(places=ahead[-1:] or marks), PlaceRole.SPEAKER)


def object_of(clues: Clues) -> str | None:
    """A bare place right after the word of movement ("entered Latvia"), else right before it ("Россию покинули")."""
    bare = [mark for mark in clues.places if mark.value.role is PlaceRole.BARE and mark.value.checkpoint is None]
    if clues.at is None:
        return next((code for mark in bare if (code := code_of(mark.value, clues))), None)
    behind = [mark for mark in bare if 0 <= mark.start - clues.at.end <= 6]
    rest = sorted((mark for mark in bare if mark not in behind), key=lambda mark: -mark.start)
    return next((code for mark in [*behind, *rest] if (code := code_of(mark.value, clues))), None)


def towns(clues: Clues) -> tuple[str | None, str | None]:
    """The countries of the two towns of one checkpoint: "from Narva to Ivangorod"."""
    sides = {mark.value.role: mark.value.side for mark in clues.places if mark.value.checkpoint is not None}
    origin, into = sides.get(PlaceRole.ORIGIN), sides.get(PlaceRole.INTO)
    return (origin, into) if origin and into and origin != into else (None, None)


def borders(clues: Clues) -> list[str]:
    """The countries whose borders are named."""
    return [
        code for mark in clues.places if mark.value.role is PlaceRole.BORDER and (code := code_of(mark.value, clues))
    ]


def beyond(point: NamedPlace | None, code: str | None) -> str | None:
    """The other side of a checkpoint, if there is one."""
    return point.checkpoint.beyond(code) if point is not None and point.checkpoint is not None else None


def within(place: str, other: str) -> bool:
    """Whether no border lies between two places: the same country, or a bloc and one of its members."""
    return place == other or place in BLOCS.get(other, ()) or other in BLOCS.get(place, ())
