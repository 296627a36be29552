from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bordertally.streams.ledger.groups import constraint_of
from bordertally.streams.ledger.series import Series
from bordertally.streams.ledger.versions import Outcome
from bordertally.streams.qualifiers import Qualifier
from bordertally.streams.reconciliation.constraints import Bin
from bordertally.streams.reconciliation.reconcile import reconcile
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.sources import WEIGHT
from unit.kit import claim, ordinal

DAY = ordinal("2022-09-21")
GRADE_A, GRADE_C = WEIGHT["A"], WEIGHT["C"]


def reading(people: float | None, first: int, last: int, **more: Any) -> Claim:
    """A counter's reading of 21 September from one hour to another."""
    end = "2022-09-22T00:00" if last == 24 else f"2022-09-21T{last:02}:00"
    return claim(people, f"2022-09-21T{first:02}:00/{end}", **{"qualifier": "count", "source": "c", **more})


def series(*claims: Claim) -> Series:
    one = Series()
    for each in claims:
        one.add(each)
    one.recompute({DAY})
    return one


def day(*claims: Claim) -> Bin:
    return series(*claims).bins[DAY]


def test_days_of_one_lower_bound_are_tied() -> None:
    bounds = series(
        claim(100, "2022-09-21/2022-09-24", qualifier="at_least"),
        claim(7, "2022-09-23/2022-09-26", id="r2", qualifier="at_least"),
    )
    assert bounds.tied({DAY}) == {DAY, DAY + 1, DAY + 2}
    assert bounds.tied({DAY + 2}) == {DAY + at for at in range(5)}
    assert bounds.tied({DAY + 9}) == set()


def test_readings_that_do_not_overlap_add_up() -> None:
    # 00        08        16        24
    # [--- 5 ---][--- 7 ---][--- 9 ---]
    assert day(reading(5, 0, 8), reading(7, 8, 16), reading(9, 16, 24)) == (21, 21, 21, True, GRADE_C)


def test_readings_that_leave_hours_out_are_what_the_day_is_at_least() -> None:
    # 00        08        16        24
    # [--- 5 ---]          [--- 9 ---]
    assert day(reading(5, 0, 8), reading(9, 16, 24)) == (14, 14, None, False, GRADE_C)


def test_so_far_today_is_not_added() -> None:
    # 00        08        16        24
    # [--- 50 --]
    # [-------- 70 --------]
    # [------------- 90 -------------]
    assert day(reading(50, 0, 8), reading(70, 0, 16), reading(90, 0, 24)) == (90, 90, 90, True, GRADE_C)


def test_of_overlapping_readings_the_disjoint_ones_with_the_largest_sum_count() -> None:
    # 00        08        16        24
    # [--- 50 --]          [--- 9 ---]
    # [-------- 55 --------]
    #           [--- 20 ---]
    assert day(reading(50, 0, 8), reading(55, 0, 16), reading(20, 8, 16), reading(9, 16, 24))[1] == 79


def test_two_sources_at_one_checkpoint_are_not_added() -> None:
    by_b = [reading(people, at, at + 12, source="b") for people, at in ((10, 0), (20, 12))]
    by_c = [reading(people, at, at + 12, source="c") for people, at in ((11, 0), (21, 12))]
    both = series(*by_b, *by_c)
    assert both.bins[DAY].best == 30
    ((misfit,),) = both.misfits.values()
    assert (misfit.gap, misfit.constraint.best) == (2, 32)


@pytest.mark.parametrize(("day", "hours"), [("2022-03-27", 23), ("2022-10-30", 25)])
def test_a_day_whose_clocks_change_is_covered_by_its_hours(day: str, hours: int) -> None:
    midnight = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo("Europe/Warsaw")).astimezone(UTC)
    one = Series()
    for hour in range(hours):
        period = f"{(midnight + timedelta(hours=hour)).isoformat()}/PT1H"
        one.add(claim(1, period, "RU:FI", "warsaw", qualifier="count", published="2022-11-05T00:00:00Z"))
    one.recompute({ordinal(day)})
    assert one.bins[ordinal(day)] == (hours, hours, hours, True, GRADE_A)


def test_readings_over_midnight_are_shared_by_the_days_they_touch() -> None:
    #      26 Sep            27 Sep
    # |..........23:30|30 min|30 min|.........|    100 people from 23:30 to 00:30
    one = Series()
    assert one.add(claim(100, "2022-09-26T23:30/PT1H", qualifier="count")) is Outcome.NEW
    assert one.add(claim(7, "2022-09-27T00:30/PT1H", qualifier="count")) is Outcome.NEW
    first = ordinal("2022-09-26")
    one.recompute({first, first + 1})
    assert [(one.bins[day].best, one.bins[day].full) for day in (first, first + 1)] == [(50, False), (57, False)]
    assert not one.groups


def test_a_day_of_hours_at_half_past_is_whole() -> None:
    one = Series()
    for hour in range(25):
        start = datetime(2022, 9, 25, 23, 30, tzinfo=UTC) + timedelta(hours=hour)
        one.add(claim(10, f"{start:%Y-%m-%dT%H:%M}/PT1H", qualifier="count", id=f"h{hour}"))
    day = ordinal("2022-09-26")
    one.recompute({day - 1, day, day + 1})
    assert (one.bins[day].best, one.bins[day].high, one.bins[day].full) == (240, 240, True)


def test_the_latest_published_is_in_force_whatever_the_order_of_arrival() -> None:
    old, new = claim(100, id="r1"), claim(90, id="r2", published="2022-10-21T00:00:00Z")
    one = Series()
    assert [one.add(each) for each in (old, new, old, new)] == [
        Outcome.NEW,
        Outcome.CORRECTION,
        Outcome.STALE,
        Outcome.DUPLICATE,
    ]
    other = Series()
    assert [other.add(each) for each in (new, old)] == [Outcome.NEW, Outcome.STALE]
    assert other.claims == one.claims


def test_a_withdrawal_holds_also_when_it_arrives_before_what_it_withdraws() -> None:
    old, gone = reading(5, 0, 8), reading(None, 0, 8, id="r2", published="2022-10-21T00:00:00Z")
    one = Series()
    assert [one.add(each) for each in (gone, old)] == [Outcome.WITHDRAWAL, Outcome.STALE]
    one.recompute({DAY})
    assert one.bins == {}
    assert one.own_last() is None


def test_claims_that_share_a_day_are_one_group() -> None:
    one = Series()
    for period in ("2022-09-01/P3D", "2022-09-03/P2D", "2022-09-05/P1D"):
        one.add(claim(10, period))
    assert [(group.first - DAY, group.last - DAY) for group in one.groups] == [(-20, -17), (-16, -16)]
    assert one.span({ordinal("2022-09-01")}) == set(range(DAY - 20, DAY - 16))


def test_a_group_that_falls_apart_is_worked_out_anew() -> None:
    whole = claim(100, "2022-09-21/P2D")
    one = series(whole, claim(30, "2022-09-21", id="r2"))
    assert one.bins[DAY + 1].best == 70
    one.add(claim(None, "2022-09-21/P2D", id="r3", published="2022-10-21T00:00:00Z"))
    assert one.recompute({DAY, DAY + 1}) == {DAY + 1}
    assert (one.bins[DAY].best, DAY + 1 in one.bins) == (30, False)


def test_grade_d_makes_no_bins() -> None:
    one = series(claim(261_000, source="d", flow="RU"))
    assert one.bins == {}
    assert [doubt.people for doubt in one.unverified()] == [261_500]


def test_the_evidence_of_a_day_names_each_report_once() -> None:
    cites = series(*(reading(1, hour, hour + 1) for hour in range(24)), claim(24, id="r2")).own_cites(DAY)
    assert (cites.statements, cites.counts, cites.count_total) == (("b/r2",), ("c/r1",), 1)


FIGURES = (0, 0.5, 7, 1_234.567, 1_000, 61_357, 98_000, 1e9, [5_000, 6_000], [0, 0], [3, 3])


@pytest.mark.parametrize("qualifier", [each.value for each in Qualifier])
def test_a_day_with_one_claim_holds_what_reconciling_makes_of_it(qualifier: str) -> None:
    for people in FIGURES:
        alone = claim(people, qualifier=qualifier, published="2022-09-21T12:00:00Z")
        bins, misfits = reconcile([constraint_of(alone)], {}, DAY, DAY)
        one = series(alone)
        assert (one.bins, one.misfits) == (bins, {})
        assert misfits == []


def test_a_claim_that_can_no_longer_be_contradicted_is_in_no_conflict() -> None:
    one = series(claim(100, "2022-09-21/P2D", source="a"), claim(300, source="b"))
    assert one.misfits.keys() == {(DAY, DAY + 1)}
    one.add(claim(None, source="b", id="r2", published="2022-10-21T00:00:00Z"))
    one.recompute({DAY})
    assert one.misfits == {}


def test_the_claims_over_days_are_found_however_long_ago_they_began() -> None:
    year, week, gone = (
        claim(people, period, id=name)
        for name, people, period in (
            ("year", 5_000, "2021-09-21/2022-09-22"),
            ("week", 700, "2022-09-19/2022-09-26"),
            ("gone", None, "2022-09-21"),
        )
    )
    one = series(year, week, gone, claim(9, "2022-09-22"), claim(8, "2022-09-20"))
    assert {each.report for each in one.claims_over(DAY, DAY)} == {"year", "week"}
    assert {each.report for each in one.claims_over(DAY + 1, DAY + 9)} == {"week", "r1"}
    assert list(one.claims_over(DAY + 5, DAY + 9)) == []
