from __future__ import annotations

import pytest

from bordertally.streams.ledger.series import CITED_DAYS, STRETCHES
from bordertally.streams.totals.windows import (
    FRESH,
    WEEK,
    WINDOWS,
    longest_window,
    total_in,
    totals,
    window_name,
    window_names,
)
from unit.kit import claim, claims, daily, told


def test_a_window_is_named_by_its_days() -> None:
    assert window_name(7) == "7d"
    assert window_names() == [window_name(days) for days in WINDOWS]
    assert longest_window() == WINDOWS[-1]


def test_the_total_of_a_window_is_found_by_its_days() -> None:
    of_flow = told(daily([10, 20])).state().totals
    assert [found and found.best for found in (total_in(days, of_flow[::-1]) for days in (1, 7, 30))] == [20, 30, 30]
    assert total_in(WEEK, []) is None


def test_a_window_that_there_is_none_of_is_refused() -> None:
    with pytest.raises(ValueError, match=rf"^13 days are no window; there are {', '.join(window_names())}$"):
        total_in(13, [])


def test_all_that_the_windows_ask_of_a_series_fits_into_what_it_keeps_at_hand() -> None:
    assert longest_window() <= CITED_DAYS // 2
    assert len([days for days in WINDOWS if days > FRESH]) <= STRETCHES


def test_a_flow_without_a_claim_has_no_windows() -> None:
    assert totals(told(claim(5, measure="queue")).node()) == []


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
    assert [total.best for total in one.parts("people", "vehicles")] == [20] * len(WINDOWS)
    assert [total.best for total in one.parts("men")] == [30] * len(WINDOWS)


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
