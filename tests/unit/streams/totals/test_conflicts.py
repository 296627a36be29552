from __future__ import annotations

from bordertally.streams.flows import Flow
from bordertally.streams.reports.sources import Registry
from bordertally.streams.totals.conflicts import conflicts, noted
from bordertally.streams.totals.records import Noted, Opponent
from unit.kit import REGISTRY, claim, told


def test_conflicts_name_the_claim_its_rivals_and_the_gap() -> None:
    (conflict,) = told(
        claim(100, source="a", qualifier="count"), claim(130, source="c", id="r2", qualifier="count")
    ).conflicts()
    assert (conflict.report, conflict.with_, conflict.gap) == ("c/r2", [Opponent("a/r1", 30, 23.1)], 30)
    assert (conflict.percent, conflict.first_day, conflict.last_day) == (23.1, "2022-09-21", "2022-09-21")


def test_where_children_leave_no_room_they_are_the_rival() -> None:
    (conflict,) = told(
        claim(100, flow="RU:KZ", qualifier="count"), claim(130, flow="RU:KZ:aksai", id="r2", qualifier="count")
    ).conflicts()
    assert (conflict.report, conflict.with_, conflict.gap) == ("b/r1", [Opponent(None, 30, 23.1, "children")], 30)


def test_a_report_is_not_its_own_opponent_where_the_flows_below_refute_it() -> None:
    """One report has none about the day and at least none up to noon; the checkpoint counts 130."""
    (conflict,) = told(
        claim(0, flow="RU:KZ", qualifier="about"),
        claim(0, "2022-09-21T00:00Z/PT12H", flow="RU:KZ", qualifier="at_least"),
        claim(130, flow="RU:KZ:aksai", id="r2", qualifier="count"),
    ).conflicts()
    assert (conflict.report, conflict.with_) == ("b/r1", [Opponent(None, 130, 100.0, "children")])


def test_every_claim_that_gives_way_is_a_conflict_by_flow_and_report() -> None:
    """b and c say 120 and 130 where a counts 100."""
    one = told(
        claim(130, source="c", id="z", qualifier="count"),
        claim(120, source="b", id="y", qualifier="count"),
        claim(100, source="a", id="x", qualifier="count"),
    )
    assert [(found.report, found.gap) for found in conflicts(one.node())] == [("b/y", 20), ("c/z", 30)]


def test_each_gap_is_named_with_its_rival() -> None:
    """For the week c says 9,000; a says 7,000, and b 10,000 for its first day alone: b has lost to a."""
    one = told(
        claim(7_000, "2022-09-21/2022-09-28", source="a", id="week", qualifier="count"),
        claim(10_000, "2022-09-21", source="b", id="day", qualifier="count"),
        claim(9_000, "2022-09-21/2022-09-28", source="c", id="week", qualifier="count"),
    )
    assert [(shown.report, shown.with_) for shown in one.conflicts()] == [
        ("b/day", [Opponent("a/week", 3_000, 30.0)]),
        ("c/week", [Opponent("a/week", 2_000, 22.2)]),
    ]


def test_conflicts_are_worked_out_for_every_population_and_unit() -> None:
    said = [
        claim(people, source=source, id=f"{source}-{kind}", qualifier="count", population=kind, unit=unit)
        for kind, unit in (("men", "people"), ("people", "vehicles"))
        for people, source in ((100, "a"), (150, "c"))
    ]
    shown = {(one.report, one.population, one.unit, one.gap) for one in told(said).conflicts()}
    assert shown == {("c/c-men", "men", "people", 50), ("c/c-people", "people", "vehicles", 50)}


def test_floors_of_successive_days_that_give_way_to_one_claim_are_one_conflict() -> None:
    """A counts 700 in the week; B's checkpoint has 120 on each of its days: 840."""
    days = [claim(120, f"2022-09-{day}", "RU:KZ:aksai", id=str(day), qualifier="count") for day in range(21, 28)]
    one = told(claim(700, "2022-09-21/2022-09-28", source="a", id="week", qualifier="count"), days)
    (conflict,) = one.conflicts()
    assert (conflict.bound, conflict.first_day, conflict.last_day) == ("children", "2022-09-21", "2022-09-27")
    assert conflict.with_ == [Opponent("a/week", 140, 16.7)]


def test_a_claim_within_the_bounds_of_a_more_trusted_one_is_no_conflict() -> None:
    one = told(claim(100, source="a", qualifier="at_least"), claim(130, source="c", id="r2", qualifier="count"))
    assert conflicts(one.node()) == []


def test_what_is_not_totalled_is_noted_with_the_reason() -> None:
    one = told(
        claim(70, "2022-09-21/2022-09-23", id="q", measure="queue"),
        claim(150, flow="RU:KZ", source="d", id="r", population="men"),
        claim(None, "2022-09-20", source="d", id="s"),
    )
    assert noted(one.node()) == [
        Noted("RU:KZ", "q", "b", "measure queue", 70, "people", "2022-09-21", "2022-09-22"),
        Noted("RU:KZ", "r", "d", "grade D", 150, "men", "2022-09-21", "2022-09-21"),
    ]


def test_figures_under_two_names_of_a_place_that_are_added_up_are_noted() -> None:
    new, old = Flow("RU:KZ:new-bridge"), Flow("RU:KZ:old-bridge")
    registry = Registry(REGISTRY.sources, REGISTRY.blocs, {new: old})
    one = told(claim(70, flow=old, id="o"), claim(70, flow=new, id="n"), registry=registry)
    assert noted(one.node(old)) == []
    one.take(claim(1_050, flow=new, id="m", published="2022-10-21T00:00:00Z"))
    why = "1,050 as RU:KZ:new-bridge and 70 as RU:KZ:old-bridge, names of one place: added up"
    assert noted(one.node(old)) == [
        Noted(old, "o", "b", why, 1_120, "people", "2022-09-21", "2022-09-21", counted=True)
    ]
    hour = {"period": "2022-09-22T00:00Z/PT1H", "source": "c", "qualifier": "count"}
    one.take(claim(5, flow=old, **hour))
    assert len(noted(one.node(old))) == 1
    one.take(claim(6, flow=new, **hour))
    assert [(found.people, found.first_day) for found in noted(one.node(old))] == [
        (1_120, "2022-09-21"),
        (11, "2022-09-22"),
    ]


def test_what_is_noted_changes_with_the_claims() -> None:
    one = told(claim(70, id="q", measure="queue"))
    assert [found.people for found in noted(one.node())] == [70]
    one.take(claim(80, id="q", measure="queue", published="2022-10-21T00:00:00Z"))
    assert [found.people for found in noted(one.node())] == [80]
