"""Room: people known from a bound over several days are moved among these days to where the flow above has room.

"At least 700 in the week" says nothing of each day. As far as only such bounds tell of a child, any distribution over
their days is right, and one is wanted that agrees with what the flow above says of single days.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import fsum

from bordertally.streams.periods import DAY
from bordertally.streams.reconciliation.constraints import Constraint, Kind

MOST_DAYS = 62
"""Longer bounds are not moved: a report must not cost more than the days that it touches."""


def is_movable(claim: Constraint) -> bool:
    """Whether a claim is a lower bound over several whole days, and not over too many."""
    several = DAY < claim.end - claim.start <= MOST_DAYS * DAY
    return claim.kind is Kind.AT_LEAST and several and claim.start % DAY == 0 == claim.end % DAY


def moved(people: Mapping[int, float], room: Mapping[int, float]) -> dict[int, float]:
    """Return the people of days, scaled by one factor as far as each day has room, so that they add up to the same.

    If all the room is too little, the people that are left over are added to the days in proportion.
    """
    total = fsum(people.values())
    placed = {day: min(number, room[day]) for day, number in people.items()}
    if placed == people:
        return placed
    left, free = total - fsum(placed.values()), [day for day in people if placed[day] < room[day]]
    while free and left > 0:
        shape = fsum([placed[day] for day in free])
        shares = {day: left * (placed[day] / shape if shape else 1 / len(free)) for day in free}
        full = [day for day in free if placed[day] + shares[day] >= room[day]]
        for day in full or free:
            more = min(shares[day], room[day] - placed[day])
            placed[day] += more
        left = total - fsum(placed.values()) if full else 0.0
        free = [day for day in free if day not in full]
    if left > 0:
        return {day: placed[day] + left * people[day] / total for day in people}
    return placed
