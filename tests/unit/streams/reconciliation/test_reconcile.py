from __future__ import annotations

from itertools import permutations

import pytest

from bordertally.streams.periods import DAY, midnight
from bordertally.streams.reconciliation.constraints import Constraint, Floor, Floors, Kind, Trust
from bordertally.streams.reconciliation.reconcile import reconcile

FIRST = 738_000


def said(  # noqa: PLR0917 - a row of a table
    first: int, days: float, low: float, best: float, high: float | None, grade: float = 2, kind: Kind = Kind.EQUAL
) -> Constraint:
    """A claim on `days` days from the day `first`; the trust rises with grade, then with the time named by `first`."""
    start = midnight(FIRST + first)
    end = start + int(days * DAY)
    trust = Trust(grade, False, 0, f"{first}-{days}-{best}", "s", start, end)
    return Constraint(start, end, low, best, high, kind, trust, grade, (f"{first}+{days}={best:g}",))


def exactly(first: int, days: float, people: float, grade: float = 2) -> Constraint:
    return said(first, days, people, people, people, grade)


def floor(people: float, grade: float = 4, high: float | None = None, full: bool = True) -> Floors:
    return (Floor(grade, people, people, people if high is None else high, full),)


def best(constraints: list[Constraint], days: int, floors: dict[int, Floors] | None = None) -> list[float]:
    bins, _ = reconcile(constraints, floors or {}, FIRST, FIRST + days - 1)
    return [round(bins[day].best, 6) for day in sorted(bins)]


def test_one_claim_is_spread_evenly() -> None:
    assert best([exactly(0, 4, 100)], 4) == [25] * 4


def test_a_finer_claim_takes_its_days_and_the_rest_share_the_remainder() -> None:
    # 0   1   2   3   4   5   6
    # [---------- 53 ----------]
    #                     [-20-]
    assert best([exactly(0, 7, 53), exactly(5, 2, 20)], 7) == [6.6] * 5 + [10] * 2


def test_a_remainder_of_zero_comes_out_as_zero() -> None:
    assert best([exactly(0, 3, 20), exactly(1, 1, 20)], 3) == [0, 20, 0]


def test_a_day_counted_as_zero_stays_zero() -> None:
    assert best([exactly(0, 3, 20), exactly(1, 1, 0)], 3) == [10, 0, 10]


def test_overlapping_claims_that_agree_all_hold() -> None:
    # [-- 30 --]
    #     [-- 50 --]
    held = best([exactly(0, 2, 30), exactly(1, 2, 50)], 3)
    assert held[0] + held[1] == pytest.approx(30)
    assert held[1] + held[2] == pytest.approx(50)


def test_what_claims_imply_by_difference_comes_out_exactly() -> None:
    # 0   1   2   3
    # [101 )
    # [- 101 -]
    # [--- 101 ---]      so days 1 and 2 were empty
    cumulative = [exactly(0, days, 101) for days in (1, 2, 3)]
    assert best(cumulative, 3) == [101, 0, 0]


def test_claims_that_agree_never_chase_each_other_in_circles() -> None:
    # 0    1    2    3    4    5    6     true: 30 10 20 70 40 60
    #      [- 30 --]
    #           [------- 190 ------]
    #                [-- 110 -]
    #                     [-- 100 -]
    claims = [exactly(1, 2, 30), exactly(2, 4, 190), exactly(3, 2, 110), exactly(4, 2, 100)]
    bins, misfits = reconcile(claims, {}, FIRST, FIRST + 5)
    assert misfits == []
    held = [bins[FIRST + day].best for day in range(1, 6)]
    assert [sum(held[:2]), sum(held[1:]), sum(held[2:4]), sum(held[3:])] == pytest.approx([30, 190, 110, 100])


def test_a_rounded_claim_never_bends_exact_counts_that_agree_with_it() -> None:
    counts = [exactly(day, 1, people) for day, people in enumerate((31, 32, 38))]
    assert best([*counts, said(0, 3, 95, 100, 105, grade=4)], 3) == [31, 32, 38]


def test_a_rounded_claim_that_is_more_trusted_pulls_counts_that_disagree() -> None:
    counts = [exactly(day, 1, 10, grade=1) for day in range(2)]
    assert best([*counts, said(0, 2, 38, 40, 42, grade=4)], 2) == [20, 20]


def test_claims_that_cannot_all_hold_leave_the_more_trusted_exact_and_say_the_gap() -> None:
    trusted, other = exactly(0, 1, 100, grade=4), exactly(0, 1, 130, grade=1)
    bins, misfits = reconcile([other, trusted], {}, FIRST, FIRST)
    assert bins[FIRST].best == 100
    assert [(one.constraint, one.rivals, one.gap) for one in misfits] == [(other, (trusted,), 30)]


def test_an_inequality_acts_only_when_violated() -> None:
    count = exactly(0, 2, 10, grade=1)
    assert best([count, said(0, 2, 8, 8, None, grade=4, kind=Kind.AT_LEAST)], 2) == [5, 5]
    assert best([count, said(0, 2, 30, 30, None, grade=4, kind=Kind.AT_LEAST)], 2) == [15, 15]
    assert best([count, said(0, 2, 0, 12, 12, grade=4, kind=Kind.AT_MOST)], 2) == [5, 5]
    assert best([count, said(0, 2, 0, 6, 6, grade=4, kind=Kind.AT_MOST)], 2) == [3, 3]


def test_part_days_weigh_by_their_covered_share() -> None:
    assert best([exactly(0, 1.5, 30)], 2) == [20, 10]


def test_floors_are_never_undercut() -> None:
    floors = {FIRST + 1: floor(15)}
    assert best([exactly(0, 3, 30)], 3, floors) == [7.5, 15, 7.5]
    bins, misfits = reconcile([exactly(0, 1, 10)], {FIRST: floor(15)}, FIRST, FIRST)
    assert bins[FIRST].best == 15
    assert [(one.rivals, one.gap) for one in misfits] == [((), 5)]


def test_a_claim_that_adds_nothing_to_another_does_not_contradict_it() -> None:
    """A floor of 15 refutes the 10. That there were at least 8 does not, although it is trusted more."""
    bound = said(0, 1, 8, 8, None, grade=4, kind=Kind.AT_LEAST)
    bins, misfits = reconcile([exactly(0, 1, 10), bound], {FIRST: floor(15)}, FIRST, FIRST)
    assert [(one.rivals, one.gap) for one in misfits] == [((), 5)]
    assert (bins[FIRST].best, bins[FIRST].high) == (15, None)


def test_high_is_open_where_nothing_bounds_it() -> None:
    bins, _ = reconcile([exactly(0, 1, 10), said(1, 1, 9, 9, None, kind=Kind.AT_LEAST)], {}, FIRST, FIRST + 1)
    assert [bins[day].high for day in sorted(bins)] == [10, None]


def test_a_bound_that_the_floors_refute_bounds_nothing() -> None:
    floors = {FIRST: floor(15)}
    assert reconcile([exactly(0, 1, 10)], floors, FIRST, FIRST)[0][FIRST].high is None
    assert reconcile([exactly(0, 1, 20)], floors, FIRST, FIRST)[0][FIRST].high == 20


def test_what_it_is_at_least_does_not_make_a_day_full() -> None:
    least = said(0, 1, 9, 9, None, kind=Kind.AT_LEAST)
    assert reconcile([least], {}, FIRST, FIRST)[0][FIRST].full is False
    assert reconcile([least, exactly(0, 1, 10)], {}, FIRST, FIRST)[0][FIRST].full is True


def test_days_without_a_claim_have_no_bin() -> None:
    bins, _ = reconcile([exactly(0, 1, 10), exactly(2, 1, 10)], {}, FIRST, FIRST + 2)
    assert sorted(bins) == [FIRST, FIRST + 2]


def test_the_order_of_claims_does_not_matter() -> None:
    claims = [exactly(0, 3, 90), exactly(2, 3, 50, grade=1), said(1, 2, 40, 50, 60), exactly(4, 1, 77, grade=4)]
    outcomes = {repr(reconcile(list(order), {}, FIRST, FIRST + 4)) for order in permutations(claims)}
    assert len(outcomes) == 1


def test_a_floor_on_a_day_that_claims_cut_in_two_leaves_them_room() -> None:
    # 0    1    2    3
    # [----- 4200 -------]
    #         [- 2100 -]      and day 1 is at least 3100, half of it within the second claim
    claims = [
        exactly(0, 4, 4200),
        Constraint(
            *_hours(36, 72), 2100, 2100, 2100, Kind.EQUAL, Trust(1, False, 0, "r", "s", *_hours(36, 72)), 1, ("r",)
        ),
    ]
    bins, misfits = reconcile(claims, {FIRST + 1: floor(3100, full=False)}, FIRST, FIRST + 3)
    assert misfits == []
    assert bins[FIRST + 1].best == pytest.approx(3100)
    assert sum(one.best for one in bins.values()) == pytest.approx(4200)


def test_a_claim_that_gives_way_bends_no_claims_that_can_hold() -> None:
    # 0   1   2   3
    # [-- 30 --]
    #     [-- 50 --]
    # [--- 200 ----]      less trusted, and more than the others leave room for
    agreeing = [exactly(0, 2, 30, grade=4), exactly(1, 2, 50, grade=4)]
    bins, misfits = reconcile([*agreeing, exactly(0, 3, 200, grade=1)], {}, FIRST, FIRST + 2)
    people = [bins[day].best for day in sorted(bins)]
    assert [sum(people[:2]), sum(people[1:])] == pytest.approx([30, 50])
    assert [one.constraint.best for one in misfits] == [200]


def _hours(first: int, last: int) -> tuple[int, int]:
    return midnight(FIRST) + first * DAY // 24, midnight(FIRST) + last * DAY // 24
