"""What a claim demands of the days it covers, and what reconciling makes of them."""

from __future__ import annotations

from typing import NamedTuple

from bordertally.streams.periods import DAY, midnight
from bordertally.streams.qualifiers import Bound

Kind = Bound
"""How a constraint acts on the sum of its days: as the qualifier of its claim bounds the number of people."""


class Constraint(NamedTuple):
    """A claim as arithmetic: the days from `start` to `end` (wall-clock seconds) hold low..high people.

    `trust` orders constraints, the most trusted last; `weight` is its say in the starting shape. `partial`: readings
    that cover only some hours of their day. `reports` are the ids it stands for.
    """

    start: int
    end: int
    low: float
    best: float
    high: float | None
    kind: Kind
    trust: tuple[object, ...]
    weight: float
    reports: tuple[str, ...]
    partial: bool = False


class Bin(NamedTuple):
    """People on one day. `high` is None where nothing bounds it.

    `full`: claims that say how many, and not how many at least, cover the whole day.
    """

    low: float
    best: float
    high: float | None
    full: bool


class Misfit(NamedTuple):
    """A constraint that cannot hold beside the more trusted `rivals`: its figure is missed by `gap` people.

    Without rivals it is the floors, children or parts of the flow, that leave no room for it.
    """

    constraint: Constraint
    rivals: tuple[Constraint, ...]
    gap: float


def day_span(day: int) -> tuple[int, int]:
    """Start and end of an ordinal day, in wall-clock seconds."""
    start = midnight(day)
    return start, start + DAY
