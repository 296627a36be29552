"""Doubts about a movement: several places, a part of a country, and unknown ends."""

from __future__ import annotations

from collections.abc import Iterator

from bordertally.streams.flows import BLOCS
from bordertally.streams.statements.lexicon.places import PlaceRole
from bordertally.streams.statements.movement.clues import (
    Clues,
    MovementKind,
    borders,
    checkpoint,
    code_of,
    stays,
)
from bordertally.streams.statements.records import Doubt

_OF_OTHERS = {Doubt.SEVERAL_PLACES, Doubt.SEVERAL_GROUPS}
"""Doubts about those who came that say nothing of where those who left had been."""


def several(clues: Clues) -> Iterator[Doubt]:
    """Doubts about the places: several places in one role, or only a part of a country, known or unknown."""
    if len({mark.value.slug for mark in clues.places} - {""}) > 1:
        yield Doubt.SEVERAL_PLACES
    goals = [mark.value.anywhere for mark in clues.places if mark.value.role is PlaceRole.INTO]
    if True in goals and False in goals:  # "home or on to third countries"
        yield Doubt.SEVERAL_PLACES
    if any(mark.value.unknown for mark in clues.places) and not _told(clues):
        yield Doubt.PART_OF_COUNTRY
    if any(mark.value.joined for mark in clues.places):
        yield Doubt.SEVERAL_PLACES
    at = clues.at if checkpoint(clues) is None else None
    for mark in clues.places:
        within = mark.value.role is PlaceRole.WITHIN and at is not None
        if mark.value.region and (within or mark.value.role in (PlaceRole.INTO, PlaceRole.ORIGIN)):
            yield Doubt.PART_OF_COUNTRY
    for role in (PlaceRole.ORIGIN, PlaceRole.INTO):
        codes = {code_of(mark.value, clues) for mark in clues.places if mark.value.role is role}
        if len(codes - {None}) > 1:
            yield Doubt.SEVERAL_PLACES


def _told(clues: Clues) -> bool:
    """Whether two whole countries are told as origin and destination; where they crossed then changes no end."""
    whole = {mark.value.role for mark in clues.places if mark.value.code and not mark.value.region}
    own = clues.at is not None and not any(mark.value.slug for mark in clues.places)
    return own and {PlaceRole.ORIGIN, PlaceRole.INTO} <= whole


def left_open(clues: Clues, origin: str | None, into: str | None, inferred: int) -> Iterator[Doubt]:
    """The open questions about a movement after its ends are resolved as far as possible."""
    yield from _missing(clues, origin, into, inferred)
    yield from _passed(clues, origin, into)
    if clues.at is None and clues.before is not None and clues.before.flow is not None:
        yield from clues.before.doubts
    elif _from_afar(clues, origin, into):
        yield Doubt.NO_ORIGIN  # "2,300 migrants have entered Poland, 1,400 Iraqis among them": not from Iraq
    elif clues.before is not None and Doubt.PART_OF_COUNTRY in clues.before.doubts and stays(clues, clues.before):
        yield Doubt.PART_OF_COUNTRY


def _from_afar(clues: Clues, origin: str | None, into: str | None) -> bool:
    """Whether people of unknown origin have a nationality whose country does not border the destination."""
    whole = clues.before
    if whole is None or whole.flow is not None or not clues.part or origin is None or origin != clues.citizens:
        return False
    return into is not None and not {into, *BLOCS.get(into, ())} & clues.beside


def _missing(clues: Clues, origin: str | None, into: str | None, inferred: int) -> Iterator[Doubt]:
    """The doubts about a movement."""
    if clues.event is MovementKind.CROSS and (origin is None or (into is None and not _said(clues, origin))):
        yield Doubt.NO_DIRECTION
    elif origin is None:
        yield Doubt.NO_ORIGIN
    elif clues.homeward and into is None:
        yield Doubt.NO_DESTINATION  # "498,000 have returned from Iran": where to?
    elif clues.event is MovementKind.ENTRY and into is None:
        yield Doubt.NO_DESTINATION
    elif clues.event is MovementKind.ENTRY and into == clues.home == clues.citizens and origin in borders(clues):
        yield Doubt.NO_DIRECTION  # Russians who enter "the republic" over the border with Kazakhstan, says Russia
    before = clues.before
    unsure = set(before.doubts) - _OF_OTHERS if before is not None else set()
    if clues.event is MovementKind.EXIT and into is None and inferred and unsure:
        yield Doubt.NO_DESTINATION


def _said(clues: Clues, origin: str) -> bool:
    """Whether words state where a movement begins; the movement then leaves that country, for any destination."""
    return any(mark.value.role is PlaceRole.ORIGIN and code_of(mark.value, clues) == origin for mark in clues.places)


def _passed(clues: Clues, origin: str | None, into: str | None) -> Iterator[Doubt]:
    """A country that people only passed through, between origin and destination."""
    through = {code_of(mark.value, clues) for mark in clues.places if mark.value.through} - {None, origin, into}
    through -= BLOCS.get(into or "", frozenset())
    if through and (origin is not None or into is not None):
        yield Doubt.SEVERAL_PLACES
