"""The slow ledger on figures worked out by hand or quoted from the definitions."""

from __future__ import annotations

from typing import Any

import pytest

from oracle.slow_ledger import (
    OPEN,
    PlainClaim,
    Range,
    Sums,
    apportions,
    calendar_names,
    edges_of,
    ends,
    floors,
    folded,
    groups,
    hours_of,
    in_force,
    nested,
    raked,
    within,
)
from unit.kit import ordinal

GRADES = {"a": "A", "b": "B", "c": "C", "d": "D"}


def said(
    people: Any, period: str = "", source: str = "b", published: str = "2022-10-20T00:00:00", **more: Any
) -> list[PlainClaim]:
    """The claims in force of one report with one claim on RU:KZ."""
    claim = {"flow": "RU:KZ", "period": period, "people": people, "qualifier": "stated", **more}
    return in_force([{"id": "r", "source": source, "published": published, "claims": [claim]}], GRADES)


WEEK = "2022-09-21/2022-09-28"
CUMULATIVE = [*said(98_000, WEEK, qualifier="count"), *said(200_000, "2022-09-21/2022-10-04", qualifier="count")]


def day(text: str) -> tuple[int, int]:
    return hours_of(ordinal(text))


@pytest.mark.parametrize(
    ("people", "qualifier", "low", "best", "high"),
    [
        (98_000, "count", 98_000, 98_000, 98_000),
        (98_000, "stated", 97_500, 98_000, 98_500),
        (20_000, "stated", 19_000, 20_000, 21_000),  # u is at most a tenth
        (98_000, "about", 97_000, 98_000, 99_000),
        (98_000, "nearly", 97_000, 98_000, 98_000),
        (98_000, "more_than", 98_000, 98_000, 99_000),
        (98_000, "at_least", 98_000, 98_000, OPEN),
        (98_000, "at_most", 0, 98_000, 98_000),
        (7.5, "about", 7.5, 7.5, 7.5),
        ([5_000, 6_000], "about", 5_000, 5_500, 6_000),
        ([5_000, 6_000], "at_most", 0, 5_500, 6_000),
    ],
)
def test_qualifiers_mean_intervals(people: Any, qualifier: str, low: float, best: float, high: float) -> None:
    (claim,) = said(people, WEEK, qualifier=qualifier)
    assert (claim.low, claim.best, claim.high) == (low, best, high)


def test_a_count_of_a_period_that_is_not_over_is_at_least_that() -> None:
    (claim,) = said(40, "2022-09-21T00:00/PT12H", published="2022-09-21T11:00:00", qualifier="count")
    assert (claim.kind, claim.high) == ("at_least", OPEN)


@pytest.mark.parametrize(
    ("published", "more", "kind"),
    [
        ("2022-09-21T12:00:00", {}, "at_least"),
        ("2022-09-21T00:00:00", {}, "equal"),  # a bare date is the end of its day
        ("2022-09-20T00:00:00", {}, "at_least"),
        ("2022-09-22T00:00:00", {}, "equal"),
        ("2022-09-21T12:00:00", {"per": "day"}, "equal"),
        ("2022-09-21T12:00:00", {"qualifier": "at_most"}, "at_least"),
        ("2022-09-21T12:00:00", {"period": "2022-09-20/2022-09-22"}, "equal"),
        ("2022-09-21T12:00:00", {"period": "2022-09-20/2022-09-22", "qualifier": "count"}, "at_least"),
    ],
)
def test_a_figure_of_an_unfinished_day_is_at_least_that(published: str, more: dict[str, Any], kind: str) -> None:
    (claim,) = said(40, published=published, **{"period": "2022-09-21/2022-09-22", **more})
    assert (claim.kind, claim.low) == (kind, 0 if more.get("qualifier") == "at_most" else pytest.approx(40, abs=2))


def test_the_origin_is_whom_a_claim_quotes_or_whom_its_source_relays() -> None:
    claim = {"flow": "RU:KZ", "period": WEEK, "people": 5, "qualifier": "count"}
    quoted = [claim, {**claim, "people": 7, "attributed_to": "office"}, {**claim, "people": 9, "attributed_to": "c"}]
    document = {"id": "r", "source": "b", "published": "2022-10-20", "claims": quoted}
    assert [(one.best, one.origin) for one in in_force([document], GRADES, {"c": "a"})] == [
        (5, "b"),
        (7, "office"),
        (9, "a"),
    ]
    assert {one.origin for one in in_force([document], GRADES, {"b": "a"})} == {"a", "office", "c"}


def test_claims_of_one_origin_have_one_say_in_the_mean() -> None:
    """On the 22nd 100 a day by the office, whoever quotes it, and 150 by another: the mean of 125, and not of 113."""
    first = said(200, "2022-09-21/2022-09-23", qualifier="count", attributed_to="office")
    second = said(300, "2022-09-22/2022-09-24", qualifier="count")
    echo = [one._replace(source="c", grade="B") for one in first]
    alone, quoted = raked([*first, *second], "best"), raked([*first, *echo, *second], "best")
    assert alone is not None
    assert alone == pytest.approx(quoted)


def test_calendar_names_and_shares() -> None:
    assert calendar_names(ordinal("2021-01-03")) == ["2020-W53", "2021-01", "2021"]
    assert apportions([9429] * 4 + [9428] * 3, [66_000 / 7] * 7, 66_000)
    assert not apportions([9428] * 3 + [9429] * 4, [66_000 / 7] * 7, 66_000)
    assert not apportions([9429] * 7, [66_000 / 7] * 7, 66_000)
    assert apportions([1, 2, 1], [1.2, 1.7, 1.1], 4)
    assert not apportions([2, 1, 1], [1.2, 1.7, 1.1], 4)


def test_a_daily_rate_is_multiplied_by_the_days_of_its_period() -> None:
    (claim,) = said(10_000, "2022-09-21/2022-09-24", qualifier="about", per="day")
    assert (claim.low, claim.best, claim.high) == (27_000, 30_000, 33_000)


def test_the_latest_version_of_a_claim_is_in_force_whatever_the_order() -> None:
    def report(people: int | None, published: str) -> dict[str, Any]:
        claim = {"flow": "RU:FI", "period": WEEK, "people": people, "qualifier": "count"}
        return {"id": "r", "source": "b", "published": published, "claims": [claim]}

    first, second, gone = report(5, "2022-10-01"), report(7, "2022-10-02"), report(None, "2022-10-03")
    assert [(one.flow, one.best) for one in in_force([second, first], GRADES)] == [("RU:EU:FI", 7)]
    assert in_force([gone, second, first], GRADES) == []
    with pytest.raises(ValueError, match="two versions"):
        in_force([first, report(8, "2022-10-01")], GRADES)


def test_of_versions_of_one_moment_a_withdrawal_counts_then_the_later_id() -> None:
    def report(people: int | None, name: str) -> dict[str, Any]:
        claim = {"flow": "RU:KZ", "period": WEEK, "people": people, "qualifier": "count"}
        return {"id": name, "source": "b", "published": "2022-10-01", "claims": [claim]}

    ninth, tenth, gone = report(9, "daily-9"), report(10, "daily-10"), report(None, "daily-1")
    assert [one.best for one in in_force([tenth, ninth], GRADES)] == [10]
    assert in_force([gone, tenth, ninth], GRADES) == []


def test_readings_that_fill_a_day_are_its_figure_and_otherwise_what_it_is_at_least() -> None:
    halves = [
        *said(10, "2022-09-21T00:00/PT12H", qualifier="count"),
        *said(30, "2022-09-21T12:00/PT12H", qualifier="count"),
    ]
    (whole,) = folded(halves)
    assert (whole.start, whole.end) == day("2022-09-21")
    assert (whole.low, whole.best, whole.high, whole.kind) == (40, 40, 40, "equal")
    (half,) = folded(halves[:1])
    assert (half.best, half.high, half.kind) == (10, OPEN, "at_least")


def test_readings_that_overlap_are_not_added_and_one_over_midnight_is_shared() -> None:
    so_far = [
        *said(10, "2022-09-21T00:00/PT6H", qualifier="count"),
        *said(25, "2022-09-21T00:00/PT12H", qualifier="count"),
    ]
    assert [one.best for one in folded(so_far)] == [25]
    night = said(12, "2022-09-21T20:00/PT12H", qualifier="count")
    assert [(one.days[0], one.best) for one in folded(night)] == [
        (ordinal("2022-09-21"), 4),
        (ordinal("2022-09-22"), 8),
    ]


def test_what_two_cumulative_figures_leave_between_them_is_determined() -> None:
    sums = Sums(edges_of(CUMULATIVE, range(ordinal("2022-09-21"), ordinal("2022-10-04"))), ends(CUMULATIVE, "best"))
    assert sums.feasible(0)
    assert sums.sum(day("2022-09-28")[0], day("2022-10-03")[1]) == Range(102_000, 102_000)
    assert sums.sum(*day("2022-09-28")) == Range(0, 102_000)
    assert sums.sum(*day("2022-09-21")) == Range(0, 98_000)


def test_floors_leave_less_to_the_other_days() -> None:
    claims = said(100, "2022-09-21/2022-09-23", qualifier="about")
    days = range(ordinal("2022-09-21"), ordinal("2022-09-23"))
    sums = Sums(edges_of(claims, days), within(claims) + floors({ordinal("2022-09-21"): 80.0}))
    assert sums.sum(*day("2022-09-21")) == Range(80, 110)
    assert sums.sum(*day("2022-09-22")) == Range(0, 30)


def test_claims_that_cannot_hold_together_miss_what_lies_between_them() -> None:
    claims = [
        *said(30, "2022-09-21/2022-09-23", qualifier="count"),
        *said(50, "2022-09-21/2022-09-22", "a", qualifier="count"),
    ]
    sums = Sums(edges_of(claims, []), within(claims))
    assert sums.missing >= 20
    assert not sums.feasible(19)


def test_raking_shares_a_sum_in_the_proportion_of_the_days() -> None:
    days = raked(CUMULATIVE, "best")
    assert days is not None
    assert [round(days[ordinal("2022-09-21") + at]) for at in range(13)] == [14_000] * 7 + [17_000] * 6


def test_raking_makes_the_georgian_week_of_the_worked_example() -> None:
    claims = [
        *said(53_000, WEEK, qualifier="more_than"),
        *said(10_000, "2022-09-27/2022-09-28", qualifier="about", per="day"),
    ]
    assert nested(claims)
    days = raked(claims, "best")
    assert days is not None
    assert [round(days[ordinal("2022-09-21") + at]) for at in range(7)] == [7_167] * 6 + [10_000]
    with_the_other_side = [*claims, *said(10_000, "2022-09-26/2022-09-27", qualifier="at_least")]
    assert not nested(with_the_other_side)


def test_claims_of_days_apart_are_groups_of_their_own() -> None:
    one, two = said(5, "2022-09-21/2022-09-23"), said(5, "2022-09-24/2022-09-25")
    between = said(5, "2022-09-22T12:00/PT36H")
    assert groups([*two, *one]) == [one, two]
    assert [len(each) for each in groups([*two, *one, *between])] == [2, 1]
