"""Claims of the two directions of one border: their sum, and pairs of figures that stand in turn to them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from bordertally.streams.statements.drafts import Draft
from bordertally.streams.statements.lexicon.marks import TextMark
from bordertally.streams.statements.lexicon.nouns import Noun
from bordertally.streams.statements.lexicon.numbers import Quantity
from bordertally.streams.statements.movement.clues import MovementKind
from bordertally.streams.statements.records import Doubt


def population(noun: Noun, drafts: list[Draft]) -> Noun:
    """Where a figure says nothing of whom it counts, it counts the same as the one before it."""
    if noun.population is not None:
        return noun
    counted = drafts[-1].noun if drafts else Noun("people", noun.unit)
    return counted._replace(mark=None, unknown=noun.unknown, bare=not noun.unknown)


def alike(draft: Draft, base: Draft) -> bool:
    """Whether two claims are of the same flow, days and people."""
    same = draft.movement.flow == base.movement.flow and draft.period == base.period
    return same and (draft.noun.population, draft.noun.unit) == (base.noun.population, base.noun.unit)


def doubt_parts(drafts: list[Draft]) -> None:
    """Of two figures of one sentence for the same people, the second is of a part that nothing names."""
    seen: set[tuple[object, ...]] = set()
    for draft in drafts:
        period = draft.period.text if draft.period is not None else None
        same = (draft.movement.flow, period, draft.noun.population, draft.noun.unit, draft.per_day)
        if same in seen:
            draft.doubts.append(Doubt.SEVERAL_GROUPS)
        seen.add(same)


def attach_normals(drafts: list[Draft], normals: list[TextMark]) -> None:
    """A usual level belongs to the nearest claim of its sentence."""
    for mark in normals:
        quantity: Quantity = mark.value
        if drafts and quantity.low > 0:
            near = min(drafts, key=lambda draft: abs(draft.segment.figure.start - mark.start))
            near.normal, near.spans["normal"] = quantity, mark.span


LEAST, MOST = 2, 12
"""People of a family, on average."""


def both_ways(drafts: list[Draft]) -> list[Draft]:
    """Figures that are the sum of those who went one way and those who went the other way."""
    pairs = [
        (left, other)
        for left, other in pairwise(drafts)
        if left.movement.origin is not None
        and left.movement.origin != other.movement.origin
        and _way_in(left) != _way_in(other)
    ]
    return [
        draft
        for draft in drafts
        if any(
            draft is not part and draft is not other and draft.quantity.low == part.quantity.low + other.quantity.low
            for part, other in pairs
        )
    ]


def households(drafts: list[Draft]) -> list[Draft]:
    """Families beside their people: "1,126 families, or some 7,900 people" are the same twice."""
    pairs = []
    for pair in pairwise(drafts):
        families, people = sorted(pair, key=lambda draft: draft.noun.population != "families")
        same = families.movement.flow == people.movement.flow and families.period == people.period
        alone = families.noun.population == "families" != people.noun.population
        if alone and same and LEAST <= people.quantity.low / max(families.quantity.low, 1) <= MOST:
            pairs.append(families)
    return pairs


def turned(pair: list[Draft]) -> bool:
    """Whether two claims are of the two directions."""
    return len(pair) == len({_way_in(draft) for draft in pair}) > 1 and pair[0].movement.flow != pair[1].movement.flow


def in_turn(first: Draft, other: Draft) -> Draft:
    """The claim that the second of two figures stands in turn to: the other way of the first."""
    ends = (first.movement.into, first.movement.origin if other.movement.into is not None else None)
    if None in (first.movement.into, first.movement.origin):
        return other
    slug = first.movement.slug if ends[1] is not None else ""
    return replace(other, movement=other.movement._replace(origin=ends[0], into=ends[1], slug=slug))


def _way_in(draft: Draft) -> bool:
    return draft.movement.event not in (MovementKind.EXIT, MovementKind.OUT, MovementKind.OTHER_WAY)
