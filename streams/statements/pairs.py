"""Pairs of claims: both directions of one border, and figures that count the same people twice."""

from __future__ import annotations

from itertools import pairwise

from bordertally.streams.statements.drafts import Draft
from bordertally.streams.statements.lexicon.marks import TextMark
from bordertally.streams.statements.lexicon.nouns import Noun
from bordertally.streams.statements.lexicon.numbers import Quantity
from bordertally.streams.statements.movement.clues import MovementKind
from bordertally.streams.statements.records import Doubt


def population(noun: Noun, drafts: list[Draft]) -> Noun:
    """The noun of a figure without one: the noun of the figure before it."""
    if noun.population is not None:
        return noun
    counted = drafts[-1].noun if drafts else Noun("people", noun.unit)
    return counted._replace(mark=None, unknown=noun.unknown, bare=not noun.unknown)


def doubt_parts(drafts: list[Draft]) -> None:
    """Doubt the second of two figures of one sentence for the same people: it is an unnamed part."""
    seen: set[tuple[object, ...]] = set()
    for draft in drafts:
        period = draft.period.text if draft.period is not None else None
        same = (draft.movement.flow, period, draft.noun.population, draft.noun.unit, draft.per_day)
        if same in seen:
            draft.doubts.append(Doubt.SEVERAL_GROUPS)
        seen.add(same)


def attach_normals(drafts: list[Draft], normals: list[TextMark]) -> None:
    """Assign a usual level to the nearest claim of its sentence."""
    for mark in normals:
        quantity: Quantity = mark.value
        if drafts and quantity.low > 0:
            near = min(drafts, key=lambda draft: abs(draft.segment.figure.start - mark.start))
            near.normal, near.spans["normal"] = quantity, mark.span


LEAST, MOST = 2, 12
"""People of a family, on average."""


def both_ways(drafts: list[Draft]) -> list[Draft]:
    """The figures that are the sum of two figures in opposite directions."""
    pairs = [
        (left, other)
        for left, other in pairwise(drafts)
        if left.movement.origin is not None
        and left.movement.origin != other.movement.origin
        and way_in(left) != way_in(other)
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
    """Families beside their people: "1,126 families, or some 7,900 people" count the same people twice."""
    pairs = []
    for pair in pairwise(drafts):
        families, people = sorted(pair, key=lambda draft: draft.noun.population != "families")
        same = families.movement.flow == people.movement.flow and families.period == people.period
        alone = families.noun.population == "families" != people.noun.population
        if alone and same and LEAST <= people.quantity.low / max(families.quantity.low, 1) <= MOST:
            pairs.append(families)
    return pairs


def way_in(draft: Draft) -> bool:
    """Whether the people of a claim came, as told of the place that it speaks of."""
    return draft.movement.event not in (MovementKind.EXIT, MovementKind.OUT, MovementKind.OTHER_WAY)
