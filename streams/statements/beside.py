"""What a claim takes from those beside it, and what two that are alike come to."""

from __future__ import annotations

from streams.statements.drafts import Draft
from streams.statements.marks import Mark
from streams.statements.nouns import Noun
from streams.statements.numbers import Quantity
from streams.statements.records import Doubt


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
    held: set[tuple[object, ...]] = set()
    for draft in drafts:
        period = draft.period.text if draft.period is not None else None
        same = (draft.movement.flow, period, draft.noun.population, draft.noun.unit, draft.per_day)
        if same in held:
            draft.doubts.append(Doubt.SEVERAL_GROUPS)
        held.add(same)


def attach_normals(drafts: list[Draft], normals: list[Mark]) -> None:
    """A usual level belongs to the nearest claim of its sentence."""
    for mark in normals:
        quantity: Quantity = mark.value
        if drafts and quantity.low > 0:
            near = min(drafts, key=lambda one: abs(one.segment.figure.start - mark.start))
            near.normal, near.spans["normal"] = quantity, mark.span
