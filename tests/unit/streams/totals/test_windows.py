from __future__ import annotations

from bordertally.streams.totals.days import people
from unit.kit import claim, claims, daily, told


def test_halves_are_rounded_up_at_the_edge() -> None:
    assert [people(value) for value in (0.49, 0.5, 1.5, 2.5)] == [0, 1, 2, 3]


def test_windows_end_with_the_latest_day_covered() -> None:
    one = told(daily([10] * 30, first="2022-09-01"))
    assert [(one.window(days).best, one.window(days).as_of) for days in (1, 7, 30)] == [
        (10, "2022-10-01"),
        (70, "2022-10-01"),
        (300, "2022-10-01"),
    ]


def test_a_cumulative_figure_replaces_the_earlier_one() -> None:
    # 21      27         3 Oct
    # [98,000-]
    # [----- at least 200,000 -----]
    one = told(
        claim(98_000, "2022-09-21/2022-09-28"), claim(200_000, "2022-09-21/2022-10-04", id="r2", qualifier="at_least")
    )
    assert one.window(30).best == 200_000
    assert sum(one.best()) == 200_000
    assert one.window(30).high is None


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


def test_high_is_open_unless_every_day_of_the_window_is_bounded() -> None:
    assert told(daily([5] * 7)).window(7).high is not None
    assert told(daily([5] * 6)).window(7).high is None


def test_grade_d_widens_high_and_moves_nothing_else() -> None:
    plain = told(claim(100, flow="RU"))
    doubted = told(claim(100, flow="RU"), claim(150, flow="RU", source="d", id="r2", qualifier="count"))
    assert doubted.window(1, "RU").high == 150
    for one in (plain, doubted):
        assert (one.window(1, "RU").low, one.window(1, "RU").best) == (95, 100)
    (noted,) = doubted.state("RU").noted
    assert (noted.report, noted.why, noted.people) == ("r2", "grade D", 150)


def test_a_flow_that_only_grade_d_speaks_of_has_no_total() -> None:
    assert told(claim(150, flow="RU", source="d")).state("RU").totals == []


def test_vehicles_and_parts_have_windows_of_their_own() -> None:
    one = told(claim(60), claim(20, unit="vehicles"), claim(30, population="men"))
    assert one.window(1).best == 60
    assert [total.best for total in one.parts("people", "vehicles")] == [20, 20, 20]
    assert [total.best for total in one.parts("men")] == [30, 30, 30]


def test_conflicts_name_the_claim_its_rivals_and_the_gap() -> None:
    (conflict,) = told(
        claim(100, source="a", qualifier="count"), claim(130, source="c", id="r2", qualifier="count")
    ).conflicts()
    assert (conflict.report, conflict.with_, conflict.gap) == ("r2", ["r1"], 30)


def test_where_children_leave_no_room_their_reports_are_the_rivals() -> None:
    (conflict,) = told(
        claim(100, flow="RU:KZ", qualifier="count"), claim(130, flow="RU:KZ:aksai", id="r2", qualifier="count")
    ).conflicts()
    assert (conflict.report, conflict.with_, conflict.gap) == ("r1", ["r2"], 30)


def test_a_withdrawn_claim_leaves_no_total() -> None:
    one = told(claim(100), claim(None, id="r2", published="2022-10-21T00:00:00Z"))
    assert one.state().totals == []
    assert one.days() == {}


def test_a_correction_replaces_the_figure_also_when_it_arrives_first() -> None:
    old, new = claim(100), claim(90, id="r2", published="2022-10-21T00:00:00Z")
    for order in ((old, new), (new, old)):
        assert told(*order).window(1).best == 90


def test_what_a_report_says_of_many_flows_is_evidence_once() -> None:
    batch = [one for flow in ("RU:KZ:aksai", "RU:KZ:b") for one in claims(1, "2022-09-21T10:00/PT1H", flow)]
    assert told(batch).window(1).report_count == 1
