"""A place with several names: one history, equal figures once, unequal figures added up and named."""

from __future__ import annotations

import pytest

from bordertally.streams.flows import Flow
from bordertally.streams.ledger.aliases import moved, names_of, speaker_of, voice_of
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.ledger.rows import PEOPLE, Key, Row
from bordertally.streams.ledger.series import Series
from bordertally.streams.reports.claims import Claim
from unit.kit import claim, ordinal

OLD, NEW, THIRD = Flow("RU:KZ:old-bridge"), Flow("RU:KZ:new-bridge"), Flow("RU:KZ:bridge")
ALIASES = {NEW: OLD, THIRD: OLD}
DAY = ordinal("2022-09-21")


def ledger(*claims: Claim, aliases: dict[Flow, Flow] = ALIASES) -> Ledger:
    one = Ledger(aliases)
    one.apply(claims)
    return one


def series(one: Ledger, key: Key = PEOPLE) -> Series:
    return one.nodes[OLD].series[key]


def best(one: Ledger, day: int = DAY) -> float:
    return series(one).bins[day].best


def bounds(one: Ledger) -> tuple[float, float, float | None]:
    low, best, high, *_ = series(one).bins[DAY]
    return low, best, high


def hours(people: float, hour: int, flow: str, source: str = "c", **more: object) -> Claim:
    return claim(people, f"2022-09-21T{hour:02}:00Z/PT1H", flow=flow, source=source, qualifier="count", **more)


def test_the_names_of_a_place_are_ordered() -> None:
    assert names_of(ALIASES) == {OLD: (THIRD, NEW)}


def test_claims_under_either_name_are_claims_on_one_flow() -> None:
    one = ledger(claim(70, "2022-09-21", flow=OLD), claim(50, "2022-09-22", flow=NEW))
    assert set(one.nodes) == {"RU", "RU:KZ", OLD}
    assert (best(one), best(one, DAY + 1)) == (70, 50)


def test_equal_figures_of_one_source_and_period_are_one_figure_and_both_reports_are_cited() -> None:
    one = ledger(claim(70, flow=OLD, id="o"), claim(70, flow=NEW, id="n"), claim(70, flow=THIRD, id="t"))
    assert best(one) == one.nodes[Flow("RU:KZ")].series[PEOPLE].bins[DAY].best == 70
    assert one.nodes[OLD].cites(PEOPLE, DAY).statements == ("b/n", "b/o", "b/t")
    assert one.doubled == 0


def test_unequal_figures_are_added_up_with_their_bounds() -> None:
    # about 70 is 63 to 77 (10 % of 70); a count of 50 is exact
    one = ledger(claim(70, flow=OLD, qualifier="about"), claim(50, flow=NEW, qualifier="count"))
    assert bounds(one) == (113, 120, 127)
    assert one.doubled == 1


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (("at_least", 70), ("count", 50), (120, 120, None)),
        (("at_most", 70), ("count", 50), (50, 120, 120)),
        (("at_least", 70), ("at_most", 50), (70, 120, None)),
    ],
)
def test_a_sum_with_a_bound_is_a_bound(
    one: tuple[str, int], other: tuple[str, int], expected: tuple[float, float, float | None]
) -> None:
    same = [
        claim(people, flow=flow, qualifier=how) for (how, people), flow in zip((one, other), (OLD, NEW), strict=True)
    ]
    (constraint,) = series(ledger(*same)).constraints(DAY)
    assert (constraint.low, constraint.best, constraint.high) == expected
    assert constraint.kind is not claim(1).qualifier.bound


def test_a_sum_is_exact_where_all_of_its_figures_are() -> None:
    counts = [claim(70, flow=OLD, qualifier="count"), claim(50, flow=NEW, qualifier="count")]
    assert [each.trust.exact for each in series(ledger(*counts)).constraints(DAY)] == [True]
    mixed = [claim(70, flow=OLD, qualifier="about"), counts[1]]
    assert [each.trust.exact for each in series(ledger(*mixed)).constraints(DAY)] == [False]


def test_figures_of_two_sources_or_two_periods_are_not_added_up() -> None:
    one = ledger(claim(70, flow=OLD, source="b"), claim(50, flow=NEW, source="c"))
    assert best(one) == 70  # two sources contradict each other; the better grade counts
    week = ledger(claim(70, "2022-09-21/2022-09-28", flow=OLD), claim(50, "2022-09-21", flow=NEW))
    assert best(week) == 50
    assert one.doubled == week.doubled == 0


def test_a_correction_and_a_withdrawal_work_under_the_name_that_they_use() -> None:
    one = ledger(claim(70, flow=OLD), claim(50, flow=NEW))
    one.apply([claim(60, flow=OLD, id="r2", published="2022-10-21T00:00:00Z")])
    assert best(one) == 110
    one.apply([claim(None, flow=NEW, id="r2", published="2022-10-21T00:00:00Z")])
    assert best(one) == 60
    assert one.doubled == 0
    one.apply([claim(None, flow=OLD, id="r3", published="2022-10-22T00:00:00Z")])
    assert DAY not in series(one).bins


def test_readings_are_merged_hour_by_hour() -> None:
    one = ledger(
        *[hours(10, hour, OLD, id=f"o{hour}") for hour in range(3)],  # 10 10 10
        *[hours(10, hour, NEW, id=f"n{hour}") for hour in range(1, 4)],  #    10 10 10
        hours(5, 4, OLD, id="o4"),
        hours(7, 4, NEW, id="n4"),
    )
    assert best(one) == 10 + 10 + 10 + 10 + 12
    assert one.nodes[OLD].cites(PEOPLE, DAY).count_total == 8
    (doubled,) = series(one).doubled()
    assert doubled == ("c", "people", "people", DAY, DAY, ((NEW, "n4", 37.0), (OLD, "o4", 35.0)))


def test_a_reading_over_midnight_is_merged_on_both_days() -> None:
    night = "2022-09-21T22:00Z/PT4H"
    one = ledger(*[claim(40, night, flow=flow, source="c", qualifier="count") for flow in (OLD, NEW)])
    assert (best(one), best(one, DAY + 1)) == (20, 20)


def test_a_reading_that_is_withdrawn_under_one_name_leaves_the_other() -> None:
    one = ledger(hours(10, 0, OLD), hours(7, 0, NEW))
    one.apply([hours(None, 0, NEW, id="r2", published="2022-10-21T00:00:00Z")])  # type: ignore[arg-type] # a withdrawal
    assert best(one) == 10
    assert one.doubled == 0


def test_rows_keep_the_name_that_a_report_used_so_that_a_restored_ledger_may_have_other_aliases() -> None:
    claims = [
        claim(70, flow=OLD),
        claim(50, flow=NEW),
        claim(9, flow=NEW, measure="queue"),
        hours(10, 0, OLD, source="b"),
        hours(7, 0, NEW, source="b"),
    ]
    one, rows = Ledger(ALIASES), dict[Row, bytes]()
    for each in claims:
        rows |= {row: one.row(row) for row in one.apply([each]).rows}
    assert {row.flow for row in rows} == {OLD, NEW}
    stored = [(row.key, value) for row, value in rows.items()]
    for aliases in (ALIASES, {}, {OLD: NEW}):
        again, fresh = Ledger.restored(stored, aliases), ledger(*claims, aliases=aliases)
        assert set(again.nodes) == set(fresh.nodes)
        for flow, node in fresh.nodes.items():
            assert {key: each.bins for key, each in again.nodes[flow].series.items()} == {
                key: each.bins for key, each in node.series.items()
            }
            assert again.nodes[flow].noted == node.noted
    assert all(Ledger.restored(stored, ALIASES).row(row) == value for row, value in rows.items())


def test_readings_of_older_days_are_packed_with_all_names() -> None:
    one = Ledger(ALIASES)
    for day in range(1, 6):
        for flow in (OLD, NEW):
            period = f"2022-09-{day:02}T00:00Z/PT1H"
            applied = one.apply([claim(day, period, flow=flow, source="c", qualifier="count")])
            one.stored({row: one.row(row) for row in applied.rows})
    assert [series(one).bins[ordinal(f"2022-09-{day:02}")].best for day in range(1, 6)] == [1, 2, 3, 4, 5]
    later = claim(9, "2022-09-01T01:00Z/PT1H", flow=NEW, source="c", qualifier="count")
    one.apply([later])
    assert best(one, ordinal("2022-09-01")) == 10


def test_a_voice_names_the_source_and_the_name_it_used() -> None:
    assert voice_of("b", OLD, OLD) == "b"
    assert speaker_of("b", OLD) == (OLD, "b")
    assert speaker_of(voice_of("b", NEW, OLD), OLD) == (NEW, "b")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {NEW: OLD}, {"RU", "RU:KZ", OLD, NEW}),
        ({NEW: OLD}, {}, {"RU", "RU:KZ", OLD, NEW}),
        ({NEW: OLD}, {NEW: OLD}, set()),
        ({}, {THIRD: OLD}, set()),  # nobody has used that name
        ({NEW: OLD}, {NEW: Flow("RU:GE:lars")}, {"RU", "RU:KZ", "RU:GE", "RU:GE:lars", OLD, NEW}),
    ],
)
def test_a_change_of_aliases_moves_flows_whose_names_were_used(
    before: dict[Flow, Flow], after: dict[Flow, Flow], expected: set[str]
) -> None:
    assert moved({OLD, NEW, Flow("RU:KZ:aksai")}, before, after) == expected


def test_a_level_that_outlives_its_version_is_stored_under_the_name_of_its_report() -> None:
    stated = claim(70, flow=NEW, id="first", published="2022-10-01T00:00:00Z", normal={"daily": 400})
    later = claim(80, flow=NEW, id="second", published="2022-10-02T00:00:00Z")
    one, rows = Ledger(ALIASES), dict[Row, bytes]()
    for each in (later, stated):
        rows |= {row: one.row(row) for row in one.apply([each]).rows}
    assert {row.flow for row in rows} == {NEW}
    stored = [(row.key, value) for row, value in rows.items()]
    for aliases, flow in ((ALIASES, OLD), ({}, NEW)):
        again = Ledger.restored(stored, aliases)
        assert [statement.claim.report for statement in again.nodes[flow].levels] == ["first"]
