"""Bounding: which floors hold beside claims of a better grade, and which give way to them.

Floors overrule claims of their own grade and of lower ones, so a floor that holds beside all better claims is a fact;
one that holds at its low end only is a fact at that end. A floor that does not hold is one more claim about its day,
just above the claims of its grade, that has given way: a conflict if its day has fewer people in the end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bordertally.streams.reconciliation.constraints import (
    FLOOR_TRUST,
    Bin,
    Constraint,
    Floor,
    Floors,
    Kind,
    Trust,
    day_span,
)
from bordertally.streams.reconciliation.feasibility import Feasibility
from bordertally.streams.reconciliation.margins import INFINITE, Margin, atoms_with, slack_of
from bordertally.streams.reconciliation.raking import lift

Span = tuple[int, int]
"""The atoms [first, last) of a claim or a day."""


class Bounds(NamedTuple):
    """The floors of days: `facts`, to which no claim of the days is superior, and those that give way to some."""

    facts: dict[int, Bin]
    yielding: list[Constraint]


def bounds_of(
    floors: Mapping[int, Floors],
    claims: Sequence[tuple[Constraint, Margin]],
    days: Mapping[int, Span],
    lengths: list[float],
) -> Bounds:
    """Tell the floors that hold beside claims of a better grade from those that give way.

    `claims`: in order of trust, each with its margin in the scenario `best`. `days`: the atoms of each day.
    """
    top = claims[-1][0].weight if claims else 0.0
    facts: dict[int, Bin] = {}
    doubtful: dict[float, dict[int, Floor]] = defaultdict(dict)
    for day, of_day in floors.items():
        for floor in of_day:
            if floor.weight >= top:
                facts[day] = _fact(floor)
            else:
                doubtful[floor.weight][day] = floor
    yielding: list[Constraint] = []
    for weight in sorted(doubtful, reverse=True):
        better = [margin for claim, margin in claims if claim.weight > weight]
        model = _Model(better, days, lengths)
        some = {
            day: floor for day, floor in doubtful[weight].items() if day not in facts or _is_more(floor, facts[day])
        }
        least = {day: fact.best for day, fact in facts.items()}
        gone = model.gone({day: floor.best for day, floor in some.items()}, least)
        holding = {day: floor for day, floor in some.items() if day not in gone}
        least |= {day: floor.best for day, floor in holding.items()}
        too_low = model.gone({day: some[day].least for day in gone}, least) if gone else gone
        yielding += [_claim_of(day, some[day]) for day in sorted(too_low)]
        for day in gone - too_low:  # its interval reaches down to what the claims leave
            least_people = some[day].least
            holding[day] = some[day]._replace(low=least_people, best=least_people, high=least_people)
        highest = {day: fact.high or fact.best for day, fact in facts.items()}
        too_high = model.gone({day: floor.high for day, floor in holding.items() if floor.high > floor.best}, highest)
        for day, floor in holding.items():
            fact = _fact(floor._replace(high=floor.best) if day in too_high else floor)
            facts[day] = _larger(facts[day], fact) if day in facts else fact
    return Bounds(facts, yielding)


class _Model:
    """Claims of better grades, as what floors have to hold beside."""

    def __init__(self, better: list[Margin], days: Mapping[int, Span], lengths: list[float]) -> None:
        self._better, self._days, self._lengths = better, days, lengths

    def gone(self, bounds: Mapping[int, float], facts: Mapping[int, float]) -> set[int]:
        """The days of which a bound has to give way to the claims, given what is a fact.

        Bounds that have no room together all give way. They are admitted one by one, so the first of them would find
        room: admitted from both ends, each is once among the last.
        """
        ordered = sorted(bounds)
        gone = self._gone(ordered, bounds, facts)
        return gone | self._gone(ordered[::-1], bounds, facts) if gone else gone

    def _gone(self, ordered: list[int], bounds: Mapping[int, float], facts: Mapping[int, float]) -> set[int]:
        margins = [Margin(*self._days[day], bounds[day], bounds[day], INFINITE, Kind.AT_LEAST) for day in ordered]
        if not margins:
            return set()
        margins += self._better
        atoms = atoms_with(self._lengths, {self._days[day]: people for day, people in facts.items()})
        people = list(atoms.least)
        lift(people, atoms)
        feasibility = Feasibility(margins, atoms, slack_of(margins), most=len(ordered))
        feasibility.seek(people)
        return {ordered[rank] for rank in feasibility.gone if rank < len(ordered)}


def _is_more(floor: Floor, fact: Bin) -> bool:
    return (floor.low, floor.best, floor.high) != (fact.low, fact.best, fact.high)


def _fact(floor: Floor) -> Bin:
    return Bin(floor.low, floor.best, floor.high, floor.full)


def _larger(fact: Bin, other: Bin) -> Bin:
    """Two facts about a day: of each end the larger counts, for a fact of the low end only may be below the other."""
    high = None if fact.high is None or other.high is None else max(fact.high, other.high)
    return Bin(max(fact.low, other.low), max(fact.best, other.best), high, fact.full or other.full)


def _claim_of(day: int, floor: Floor) -> Constraint:
    """A floor as a claim about its day, trusted more than any claim of its grade and less than better ones."""
    start, end = day_span(day)
    trust = Trust(floor.weight * FLOOR_TRUST, False, 0, "", "", start, end)
    return Constraint(start, end, floor.least, floor.best, None, Kind.AT_LEAST, trust, floor.weight, (), bound=floor.of)
