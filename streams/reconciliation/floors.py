"""Floors: the least people of a day, by what is known of the flows below and of the parts of the people.

A figure of a parent gives way only to floors that rest on claims of its own grade or a better one. So there is a floor
for each grade that counts: the sum over the children whose most trusted claim on the day has that grade or a better
one.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

from bordertally.streams.reconciliation.constraints import Bin, Bounding, Floor, Floors, GradedBin

Levels = tuple[GradedBin, ...]
"""The people of a series on a day as far as each grade tells of them, the most trusted grade first."""


def floors_of(
    children: Sequence[Levels],
    citizens: Sequence[Levels],
    parts: Sequence[Levels],
    members: Sequence[Levels] = (),
) -> Floors:
    """Return the floors of a flow on a day, the most trusted first; each is more than those before it.

    The children are added up, and so are the members of a bloc of destinations, and citizenships, which are disjoint.
    Of the children, the members, the citizens and each other part the largest counts.
    """
    groups: list[tuple[Bounding, Sequence[Levels]]] = [("parts", [part]) for part in parts]
    groups += [("parts", citizens)] if citizens else []
    groups += [("children", children)] if children else []
    groups += [("children", members)] if members else []
    if not groups:
        return ()
    weights = {level.weight for _, group in groups for levels in group for level in levels}
    floors: list[Floor] = []
    for weight in sorted(weights, reverse=True):
        floor = _largest(weight, groups)
        if not floors or floor[1:5] != floors[-1][1:5]:
            floors.append(floor)
    return tuple(floors)


def _largest(weight: float, groups: Sequence[tuple[Bounding, Sequence[Levels]]]) -> Floor:
    """Return the floor by claims of a grade with this weight or more; at each end the largest of the groups counts."""
    sums = [(of, _sum(bins)) for of, group in groups if (bins := _of_grade(weight, group))]
    of, largest = max(sums, key=lambda named: named[1].best)
    if len(sums) == 1:
        return Floor(weight, largest.low, largest.best, largest.high or 0.0, largest.full, of)
    return Floor(
        weight,
        max([day_bin.low for _, day_bin in sums]),
        largest.best,
        max([day_bin.high or 0.0 for _, day_bin in sums]),
        any(day_bin.full for _, day_bin in sums),
        of,
    )


def _of_grade(weight: float, group: Sequence[Levels]) -> list[Bin]:
    """Return of each series the most that claims of a grade with this weight or more tell of it."""
    bins = []
    for levels in group:
        if len(levels) == 1:
            if levels[0].weight >= weight:
                bins.append(levels[0].people)
        elif told := [level.people for level in levels if level.weight >= weight]:
            bins.append(told[-1])
    return bins


def _sum(bins: Sequence[Bin]) -> Bin:
    """Return the sum of bins of a day that have no people in common."""
    low, best = fsum([day_bin.low for day_bin in bins]), fsum([day_bin.best for day_bin in bins])
    return Bin(low, best, fsum([_high(day_bin) for day_bin in bins]), all(day_bin.full for day_bin in bins))


def _high(day_bin: Bin) -> float:
    """Return the upper bound of a bin; its best figure when the bin has no upper bound above it."""
    return day_bin.best if day_bin.high is None or day_bin.high < day_bin.best else day_bin.high
