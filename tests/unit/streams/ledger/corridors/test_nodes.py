"""Destinations in a ledger, out of figures as the ledgers of the origins send them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations

import msgspec
import pytest

from bordertally.streams.flows import Flow
from bordertally.streams.ledger.citations import Cites
from bordertally.streams.ledger.corridors.nodes import CorridorNode, DestinationNode
from bordertally.streams.ledger.corridors.records import (
    CorridorDay,
    CorridorFigures,
    CorridorProjection,
    CorridorSeries,
    CorridorVersion,
)
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.ledger.rows import PEOPLE
from bordertally.streams.ledger.tree import Node
from bordertally.streams.reconciliation.constraints import Bin, Floor
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.sources import WEIGHT
from bordertally.streams.totals.records import Total
from bordertally.streams.totals.windows import total_in, totals
from unit.kit import claim, ordinal

DAY = ordinal("2022-09-21")


def people(best: float, weight: float = WEIGHT["A"]) -> Bin:
    return Bin(best, best, best, full=True, weight=weight)


def window(days: int, node: Node) -> Total:
    total = total_in(days, totals(node))
    assert total is not None
    return total


def figures(
    flow: str,
    days: Mapping[int, float | None],
    version: tuple[int, int] = (1, 0),
    projection: CorridorProjection | None = None,
    *,
    whole: bool = False,
) -> CorridorFigures:
    """The figures of a corridor, of which one report tells on each day."""
    told = [
        CorridorDay(day, None if best is None else people(best), cites=Cites((f"{flow[:2].lower()}/{day}",)))
        for day, best in days.items()
    ]
    series = CorridorSeries(PEOPLE, told, projection or CorridorProjection(tuple(sorted(days))))
    return CorridorFigures(Flow(flow), CorridorVersion(*version), 1_000, [series], whole=whole)


def claimed(flow: str, best: int) -> Claim:
    return msgspec.structs.replace(claim(best), flow=flow)


def ledger_of(*sent: CorridorFigures, claims: tuple[Claim, ...] = ()) -> Ledger:
    ledger = Ledger()
    ledger.apply(claims)
    for each in sent:
        ledger.apply((), (), [each])
    return ledger


def best_of(node: Node) -> dict[int, float]:
    return {day: day_bin.best for day, day_bin in node.series[PEOPLE].bins.items()}


def test_a_destination_is_the_sum_of_its_corridors() -> None:
    ledger = ledger_of(figures("RU:GE", {DAY: 70}), figures("UA:GE", {DAY: 50, DAY + 1: 20}))
    node = ledger.nodes[Flow("*:GE")]
    assert best_of(node) == {DAY: 120, DAY + 1: 20}
    week = window(7, node)
    assert (week.low, week.best, week.high) == (140, 140, None)  # more people may come from elsewhere
    assert (week.reporting.spoken, week.reporting.known) == (1, 2)
    assert week.reports == [f"ru/{DAY}", f"ua/{DAY}", f"ua/{DAY + 1}"]
    assert set(ledger.nodes) == {"*:GE"}  # the corridors are published by the ledgers of their origins


def test_a_destination_is_published_from_its_second_corridor_on_with_all_days() -> None:
    ledger = Ledger()
    assert ledger.apply((), (), [figures("RU:GE", {DAY: 70})]).flows == []
    applied = ledger.apply((), (), [figures("UA:GE", {DAY + 1: 50})])
    assert applied.flows == ["*:GE"]
    assert applied.spoken == {"*:GE": {DAY, DAY + 1}}
    assert ledger.apply((), (), [figures("UA:GE", {DAY + 2: 50}, (2, 0))]).spoken == {"*:GE": {DAY + 2}}


def test_a_destination_that_is_claimed_is_published_at_once_and_keeps_the_better_claim() -> None:
    ledger = Ledger()
    assert ledger.apply([claimed("*:GE", 300)]).flows == ["*:GE"]
    ledger.apply((), (), [figures("RU:GE", {DAY: 70})])
    assert best_of(ledger.nodes[Flow("*:GE")]) == {DAY: 300}
    ledger.apply((), (), [figures("UA:GE", {DAY: 400})])  # of a better grade than the claim
    assert best_of(ledger.nodes[Flow("*:GE")]) == {DAY: 470}


def test_of_a_day_the_highest_version_counts_in_any_order() -> None:
    versions = [
        figures("RU:GE", {DAY: 70}, (1, 4)),
        figures("RU:GE", {DAY: 60, DAY + 1: 5}, (2, 7)),
        figures("RU:GE", {DAY: None}, (3, 2)),  # the topic was made anew: offsets begin again
    ]
    for order in permutations(versions):
        node = ledger_of(*order).nodes[Flow("*:GE")]
        assert best_of(node) == {DAY + 1: 5}


@pytest.mark.parametrize(("second", "best"), [((1, 3), 70), ((1, 4), 60), ((1, 5), 60), ((2, 0), 60)])
def test_of_one_version_sent_twice_the_one_that_rests_on_more_messages_counts(
    second: tuple[int, int], best: float
) -> None:
    node = ledger_of(figures("RU:GE", {DAY: 70}, (1, 4)), figures("RU:GE", {DAY: 60}, second)).nodes[Flow("*:GE")]
    assert best_of(node) == {DAY: best}


def test_what_comes_again_changes_nothing_and_publishes_the_destination_again_with_all_days() -> None:
    ledger = ledger_of(figures("RU:GE", {DAY: 70, DAY + 1: 5}), figures("UA:GE", {DAY: 50}))
    applied = ledger.apply((), (), [figures("UA:GE", {DAY: 50})])
    assert (applied.rows, applied.spoken) == ([], {"*:GE": {DAY, DAY + 1}})


def test_figures_on_all_days_take_away_the_others() -> None:
    ledger = ledger_of(figures("RU:GE", {DAY: 70, DAY + 1: 5}), figures("UA:GE", {DAY: 50}))
    ledger.apply((), (), [figures("RU:GE", {DAY + 1: 6}, (2, 0), whole=True)])
    assert best_of(ledger.nodes[Flow("*:GE")]) == {DAY: 50, DAY + 1: 6}


def test_projected_people_of_corridors_are_added_up() -> None:
    projection = CorridorProjection((DAY,), {DAY + 1: 70.0, DAY + 2: 40.0})
    ledger = ledger_of(figures("RU:GE", {DAY: 70}, projection=projection), figures("UA:GE", {DAY: 50, DAY + 2: 20}))
    node = ledger.nodes[Flow("*:GE")]
    day, week = window(1, node), window(7, node)
    assert (day.low, day.best, day.projected) == (20, 60, 40)
    assert (week.low, week.best, week.projected) == (140, 250, 110)


def test_a_better_grade_of_a_corridor_bounds_a_claim_and_a_worse_one_does_not() -> None:
    graded = CorridorDay(DAY, people(150, WEIGHT["C"]), (Floor(WEIGHT["A"], 120.0, 120.0, 120.0, full=True),))
    told = CorridorFigures(
        Flow("RU:GE"), CorridorVersion(1, 0), 1, [CorridorSeries(PEOPLE, [graded], CorridorProjection())]
    )
    for claim_best, best in ((110, 150), (130, 130)):  # 120 leave the claim of 110 no room, and it gives way
        ledger = ledger_of(told, claims=(claimed("*:GE", claim_best),))
        assert best_of(ledger.nodes[Flow("*:GE")]) == {DAY: best}


def test_members_of_a_bloc_and_corridors_to_it_count_once() -> None:
    member = claimed("*:EU:RO", 100)
    ledger = ledger_of(figures("RU:EU", {DAY: 70}), claims=(member,))
    bloc = ledger.nodes[Flow("*:EU")]
    assert isinstance(bloc, DestinationNode)
    assert (list(bloc.children), list(bloc.members)) == (["RU:EU"], ["*:EU:RO"])
    assert best_of(bloc) == {DAY: 100}
    assert bloc.shown
    assert totals(bloc)[0].reports == ["b/r1", f"ru/{DAY}"]
    ledger.apply((), (), [figures("UA:EU", {DAY: 50})])
    assert best_of(bloc) == {DAY: 120}
    ledger.apply((), (), [figures("UA:EU:RO", {DAY: 300})])  # above the 100 of a lower grade
    assert best_of(bloc) == {DAY: 300}


def test_a_restored_ledger_has_the_same_corridors() -> None:
    ledger = Ledger()
    rows: dict[bytes, bytes] = {}
    projection = CorridorProjection((DAY,), {DAY + 1: 70.0})
    sent = [
        figures("RU:GE", {DAY: 70}, projection=projection),
        figures("UA:GE", {DAY: 50, DAY + 1: 7}),
        figures("UA:GE", {DAY: None}, (2, 0)),
    ]
    for each in sent:
        rows |= {row.key: ledger.row(row) for row in ledger.apply((), (), [each]).rows}
    before, after = (each.nodes[Flow("*:GE")] for each in (ledger, Ledger.restored(sorted(rows.items()))))
    assert totals(after) == totals(before)
    assert (after.published, after.begins, after.ends) == (1_000, DAY, DAY + 1)
    for flow in ("RU:GE", "UA:GE"):
        one, other = before.children[Flow(flow)], after.children[Flow(flow)]
        assert isinstance(one, CorridorNode)
        assert isinstance(other, CorridorNode)
        assert (other.head, other.rows) == (one.head, one.rows)


def test_a_corridor_knows_which_of_its_days_are_historic() -> None:
    days = [CorridorDay(DAY, people(70), historic=True), CorridorDay(DAY + 1, people(50))]
    told = CorridorFigures(
        Flow("RU:GE"), CorridorVersion(1, 0), 1, [CorridorSeries(PEOPLE, days, CorridorProjection())]
    )
    (corridor,) = ledger_of(told).nodes[Flow("*:GE")].children.values()
    assert isinstance(corridor, CorridorNode)
    assert list(corridor.history(DAY - 1, DAY + 1)) == [True, False]
