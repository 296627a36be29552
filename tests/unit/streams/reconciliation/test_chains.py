"""Chains of overlapping claims, with figures derived by hand."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bordertally.streams.periods import DAY, days_of, midnight
from bordertally.streams.reconciliation.chains import Chain
from bordertally.streams.reconciliation.constraints import Constraint, Floor, Floors, Kind, Trust

FIRST = 738_000


class Known:
    """Claims and floors as a chain asks for them; counts the questions about each day."""

    def __init__(self, *claims: Constraint, floors: Mapping[int, float] | None = None) -> None:
        self.claims, self.least = list(claims), dict(floors or {})
        self.asked: list[tuple[int, int]] = []

    def ending(self, first: int, last: int) -> list[Constraint]:
        self.asked.append((first - FIRST, last - FIRST))
        return [claim for claim in self.claims if first <= days_of(claim.start, claim.end)[-1] <= last]

    def floors(self, first: int, last: int) -> Mapping[int, Floors]:
        people = {day: self.least[day - FIRST] for day in range(first, last + 1) if day - FIRST in self.least}
        return {day: (Floor(4.0, least, least, least, full=False),) for day, least in people.items()}


def on(first: float, days: float, people: float, weight: float = 2.0, source: str = "b") -> Constraint:
    """A claim about days from day number `first` on."""
    start, end = midnight(FIRST) + int(first * DAY), midnight(FIRST) + int((first + days) * DAY)
    trust = Trust(weight, False, int(end), f"{source}-{first}-{days}", source, start, end)
    return Constraint(start, end, people, people, people, Kind.EQUAL, trust, weight, ())


def bests(chain: Chain, known: Known, last: int) -> list[float]:
    chain.work_out(known, FIRST, FIRST + last)
    bins = chain.bins(known, FIRST, FIRST + last)
    return [round(day_bin.best, 6) for day in range(FIRST, FIRST + last + 1) if (day_bin := bins[day]) is not None]


def missed(chain: Chain) -> list[str]:
    return [misfit.constraint.trust.report for misfit in chain.misfits]


def test_a_claim_tells_of_the_days_that_no_earlier_claim_told_of() -> None:
    # 70 on days 0 to 6 are 10 a day; 75 on days 1 to 7 leave 15 for day 7; 40 on days 6 to 8 leave 15 for day 8
    assert bests(Chain(), Known(on(0, 7, 70), on(1, 7, 75), on(6, 3, 40)), 8) == [10] * 7 + [15, 15]


def test_a_gap_within_a_claim_is_filled_by_what_other_claims_leave() -> None:
    # days 2 and 3 have no claim of their own: 100 - 20 - 20 = 60
    assert bests(Chain(), Known(on(0, 2, 20), on(4, 2, 20), on(0, 6, 100)), 5) == [10, 10, 30, 30, 10, 10]


def test_a_claim_without_room_reaches_back_as_far_as_it_has_to() -> None:
    # Days 0 to 6 were 10 each. 58 on days 1 to 7 would leave -2 for day 7: days 1 to 6 give way, and day 0 has more.
    chain, known = Chain(), Known(on(0, 7, 70), on(1, 7, 58))
    days = bests(chain, known, 7)
    assert missed(chain) == []
    assert min(days) >= 0
    assert [sum(days[:7]), sum(days[1:])] == pytest.approx([70, 58])


def test_a_contradiction_reaches_no_further_than_the_claims_that_contradict_each_other() -> None:
    weeks = [on(first, 7, 70) for first in range(60)]
    known = Known(*weeks, on(59, 7, 140, source="c", weight=1.0))
    chain = Chain()
    days = bests(chain, known, 65)
    assert days == [10] * 66
    assert missed(chain) == ["c-59-7"]
    assert min(first for first, last in known.asked if last == 65 and first > 0) >= 53


def test_a_day_of_counts_that_are_at_least_so_many_is_not_told_of() -> None:
    partial = on(0, 1, 5)._replace(kind=Kind.AT_LEAST, high=None)
    assert bests(Chain(), Known(partial, on(0, 2, 30)), 1) == [15, 15]


def test_half_days_join_those_of_the_day_before() -> None:
    # from noon to noon: 10 for each half day but the last
    assert bests(Chain(), Known(on(0.5, 1, 20), on(1.5, 1, 20), on(2.5, 1, 40)), 3) == [10, 20, 30, 20]


def test_a_change_goes_back_to_the_claims_that_end_on_its_day() -> None:
    chain, known = Chain(), Known(*[on(first, 7, 70) for first in range(30)])
    bests(chain, known, 35)
    known.asked.clear()
    chain.undo(FIRST + 35)
    chain.work_out(known, FIRST, FIRST + 35)
    assert known.asked == [(35, 35), (35, 35)]
    assert chain.since(FIRST + 35) == FIRST + 35
    assert chain.since(FIRST + 4) == FIRST


def test_floors_lift_a_day_that_other_days_make_up_for() -> None:
    assert bests(Chain(), Known(on(0, 2, 40), on(1, 2, 40), floors={2: 30}), 2) == [30, 10, 30]
