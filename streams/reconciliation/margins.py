"""What raking works on: the atoms of time between the edges of claims and midnights, and each claim fitted to them.

In one scenario (low, best or high) an atom holds a number of people, and a claim is a sum over neighbouring atoms.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from bordertally.streams.reconciliation.constraints import Kind

INFINITE = float("inf")
TOLERANCE = 1e-9
"""What counts as equal, as a share of the largest figure."""


class Margin(NamedTuple):
    """A constraint on the atoms [first, last) in one scenario: low..high people; an equality aims at `target`."""

    first: int
    last: int
    target: float
    low: float
    high: float
    kind: Kind


class Atoms(NamedTuple):
    """The atoms in one scenario: their lengths, and the floors of single atoms and of days of several atoms."""

    lengths: list[float]
    least: list[float]
    wide: dict[tuple[int, int], float]
    floored: bool


def atoms_with(lengths: list[float], floors: dict[tuple[int, int], float]) -> Atoms:
    """Atoms and the floors of days, each the atoms [first, last)."""
    least, wide = [0.0] * len(lengths), {}
    for (first, last), floor in floors.items():
        if last - first == 1:
            least[first] = floor
        else:
            wide[first, last] = floor
    return Atoms(lengths, least, wide, any(least))


def slack_of(margins: Iterable[Margin]) -> float:
    """How far sums may be apart and still count as equal."""
    return TOLERANCE * max([1.0, *[margin.target for margin in margins]])
