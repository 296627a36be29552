from __future__ import annotations

import pytest

from bordertally.streams.ledger.rows import PEOPLE
from bordertally.streams.reports.claims import Claim
from bordertally.streams.totals.projection import finished, projected, silent_days
from unit.kit import Told, claim, daily, ordinal, told


def test_a_silent_child_is_carried_on_at_its_last_rate_into_best_only() -> None:
    # aksai       10  10  10
    # mashtakovo  5   .   .
    quiet = daily([5], flow="RU:KZ:mashtakovo", qualifier="count")
    total = told(quiet, daily([10, 10, 10], flow="RU:KZ:aksai", qualifier="count")).window(7)
    assert (total.low, total.best, total.observed, total.projected) == (35, 45, 35, 10)
    assert (total.reporting.spoken, total.reporting.known) == (1, 2)
    assert total.high is None


def test_a_silent_child_is_carried_on_for_seven_days_and_no_longer() -> None:
    one = told(daily([5], flow="RU:KZ:mashtakovo"), daily([10] * 12, flow="RU:KZ:aksai"))
    assert one.window(30).projected == 7 * 5


def test_a_day_still_in_progress_is_no_rate_to_carry_on() -> None:
    morning = claim(1, "2022-09-02T00:00/PT6H", flow="RU:KZ:mashtakovo", qualifier="count")
    one = told(daily([5], flow="RU:KZ:mashtakovo"), morning, daily([10, 10, 10], flow="RU:KZ:aksai"))
    assert one.window(1).projected == 5


def test_days_a_flows_own_claims_cover_gain_nothing() -> None:
    one = told(
        daily([5], flow="RU:KZ:mashtakovo"), daily([10, 10], flow="RU:KZ:aksai"), daily([12, 12], flow="RU:KZ", id="k")
    )
    assert [one.window(1).best, one.window(1).projected] == [12, 0]


def two_crossings() -> Told:
    """Counts, from 1 September on: mashtakovo 5, then silent; aksai 10, 10, 10, 10."""
    return told(
        daily([5], flow="RU:KZ:mashtakovo", qualifier="count"),
        daily([10, 10, 10, 10], flow="RU:KZ:aksai", qualifier="count"),
    )


@pytest.mark.parametrize(("day", "limit", "gain"), [(1, 7, 0), (2, 7, 5), (4, 7, 5), (4, 3, 5), (4, 2, 0), (5, 7, 15)])
def test_the_last_rate_is_carried_on_for_as_many_days_as_the_limit(day: int, limit: int, gain: float) -> None:
    """On the 5th both are silent: 5 + 10."""
    assert projected(two_crossings().node(), PEOPLE, ordinal(f"2022-09-0{day}"), limit) == gain


def test_a_flow_without_children_is_carried_on_after_its_own_last_day() -> None:
    node = two_crossings().node("RU:KZ:mashtakovo")
    days = [ordinal(f"2022-09-0{day}") for day in (1, 2, 3, 4)]
    assert [projected(node, PEOPLE, day, 2) for day in days] == [0, 5, 5, 0]


def test_the_larger_of_the_whole_and_its_parts_is_carried_on() -> None:
    """The ministry says 30 of the 1st; of the 2nd aksai alone has spoken, with 10, so 20 more are carried on."""
    one = told(daily([30], qualifier="count", id="k"), daily([10, 10], flow="RU:KZ:aksai", qualifier="count"))
    assert projected(one.node(), PEOPLE, ordinal("2022-09-02"), 7) == 20


@pytest.mark.parametrize(("limit", "days"), [(1, ["2022-09-02"]), (7, ["2022-09-02", "2022-09-03", "2022-09-04"])])
def test_only_days_after_the_last_of_a_silent_flow_can_gain(limit: int, days: list[str]) -> None:
    node = two_crossings().node()
    assert silent_days(node, PEOPLE, ordinal("2022-09-04"), limit) == set(map(ordinal, days))
    assert silent_days(node, PEOPLE, ordinal("2022-09-01"), limit) == set()


def test_a_day_is_finished_when_it_is_whole_and_nothing_is_carried_on_to_it() -> None:
    node = two_crossings().node()
    days = [ordinal(f"2022-09-0{day}") for day in (1, 2, 5)]
    assert [finished(node, PEOPLE, day, 7) for day in days] == [True, False, False]
    assert finished(node, PEOPLE, days[1], 0)  # nothing is carried on


def test_a_day_that_is_covered_in_part_is_finished_once_a_later_day_is_reported() -> None:
    morning = claim(3, "2022-09-01T00:00/PT6H", qualifier="count")
    day = ordinal("2022-09-01")
    assert not finished(told(morning).node(), PEOPLE, day, 7)
    assert finished(told(morning, daily([8], first="2022-09-02")).node(), PEOPLE, day, 7)


# --- lower bounds ----------------------------------------------------------------------------------------------------


def at_least(people: int, period: str, **more: str) -> Claim:
    return claim(people, period, **{"id": f"at-least-{people}", "qualifier": "at_least", **more})


@pytest.mark.parametrize(("so_far", "best", "more"), [(4, 10, 6), (14, 14, 0)])
def test_a_lower_bound_ends_no_projection(so_far: int, best: int, more: int) -> None:
    # 10 on the 1st and the 2nd, on the 3rd at least 4: the last rate of 10 is assumed; at least 14 is more than that
    day = told(daily([10, 10], qualifier="count"), at_least(so_far, "2022-09-03"))
    one = day.window(1)
    assert (one.low, one.best, one.high, one.projected) == (so_far, best, None, more)
    assert day.window(7).best == 20 + best
    assert day.window(1, "RU").best == best  # of the flow above too
    assert not finished(day.node(), PEOPLE, ordinal("2022-09-03"), 7)
    day.take(*daily([10], first="2022-09-04", id="later"))  # a later day is covered: over, unless some are assumed
    assert finished(day.node(), PEOPLE, ordinal("2022-09-03"), 7)


def test_lower_bounds_are_filled_up_for_seven_days_after_the_last_figure() -> None:
    bounds = [at_least(4, f"2022-09-{day:02d}", id=f"b-{day}") for day in range(3, 11)]
    one = told(daily([10, 10], qualifier="count"), bounds)
    assert one.window(30).projected == 7 * 6  # the 3rd to the 9th
    assert one.window(1).best == 4


def test_a_figure_of_a_day_in_progress_ends_no_projection() -> None:
    noon = claim(4, "2022-09-03", id="noon", published="2022-09-03T12:00:00Z", qualifier="count")
    one = told(daily([10, 10], qualifier="count"), noon)
    assert (one.window(1).best, one.window(1).projected) == (10, 6)
    one.take(claim(7, "2022-09-03", id="day", published="2022-09-04T08:00:00Z", qualifier="count"))
    assert (one.window(1).best, one.window(1).projected) == (7, 0)


def test_the_last_figure_is_known_again_once_a_later_one_is_withdrawn() -> None:
    one = told(daily([10, 12, 20], qualifier="count"), at_least(4, "2022-09-04"))
    assert one.window(1).best == 20
    one.take(claim(None, "2022-09-03", id="gone", published="2022-11-01T00:00:00Z"))
    assert (one.window(1).best, one.window(1).projected) == (12, 8)
    assert one.window(7).best == 10 + 12 + 12 + 12


def test_a_lower_bound_of_a_week_bounds_its_sum_and_not_each_day() -> None:
    # six counted days come to 21 people: at least 21 changes nothing, and of at least 30 the seventh day has the rest
    counted = daily([1, 2, 3, 4, 5, 6], qualifier="count")
    assert told(counted, at_least(21, "2022-09-01/2022-09-07")).best() == [1, 2, 3, 4, 5, 6]
    week = told(counted, at_least(30, "2022-09-01/2022-09-08"))
    assert week.days()["2022-09-07"] == (9, 9, None)
    assert (week.window(7).best, week.window(7).projected) == (30, 0)


def test_what_is_projected_follows_every_claim_though_it_is_kept() -> None:
    """A flow keeps what was projected until a claim on it or below it changes; its corridors change it as well."""
    one = told(daily([5], flow="RU:KZ:mashtakovo", id="a"))
    day = ordinal("2022-09-02")
    assert [projected(one.node(), PEOPLE, day, limit) for limit in (7, 7, 0)] == [5, 5, 0]
    one.take(*daily([8], flow="RU:KZ:mashtakovo", id="b", published="2022-10-21T06:00:00Z"))
    assert projected(one.node(), PEOPLE, day, 7) == 8
    one.take(*daily([3, 4], flow="RU:KZ:mashtakovo", id="c", published="2022-10-22T06:00:00Z"))
    assert projected(one.node(), PEOPLE, day, 7) == 0
