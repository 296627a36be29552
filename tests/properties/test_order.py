from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.detection.flow_state import flow_state
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.ledger.rows import PEOPLE
from bordertally.streams.periods import iso_day
from bordertally.streams.reports.claims import Claim
from bordertally.streams.totals.days import day_figures
from bordertally.streams.totals.records import DayFigure
from properties.worlds import RULES, batched, busy_weeks, desk_of, figures, lived_and_restored, worlds
from unit.kit import alerts_of

World = list[list[Claim]]


@given(worlds(), st.data())
def test_any_order_and_any_batches_come_to_the_same_figures_and_alerts(world: World, data: st.DataObject) -> None:
    expected = desk_of(world)
    other = desk_of(data.draw(batched(world)))
    assert figures(other) == figures(expected)
    assert alerts_of(other) == alerts_of(expected)


@given(busy_weeks(), st.data())
def test_rises_and_falls_come_to_the_same_alerts_in_any_order(world: World, data: st.DataObject) -> None:
    expected = desk_of(world)
    other = desk_of(data.draw(batched(world)))
    assert figures(other) == figures(expected)
    assert alerts_of(other) == alerts_of(expected)


@given(worlds(), st.data())
def test_what_is_delivered_again_changes_nothing_and_says_nothing(world: World, data: st.DataObject) -> None:
    desk = desk_of(world)
    before, said = figures(desk), len(desk.log)
    for batch in data.draw(batched(world)):
        assert list(desk.apply(batch)) == []
    assert figures(desk) == before
    assert len(desk.log) == said


@given(worlds())
def test_two_replays_are_equal_byte_for_byte(world: World) -> None:
    one, two = desk_of(world), desk_of(world)
    assert figures(one) == figures(two)
    assert one.log == two.log


@given(worlds())
def test_a_restored_ledger_comes_to_the_figures_of_the_one_that_lived_through_it(world: World) -> None:
    ledger, restored = lived_and_restored(world)
    assert restored.nodes.keys() == ledger.nodes.keys()
    for flow, node in ledger.nodes.items():
        assert flow_state(restored.nodes[flow], RULES) == flow_state(node, RULES)


SHOWN = 3
"""Days in the states of the test below: few, so that most of what is said lies before them."""


@given(worlds(), st.data())
def test_who_reads_every_state_knows_every_day(world: World, data: st.DataObject) -> None:
    ledger = Ledger()
    told: dict[str, dict[str, DayFigure]] = defaultdict(dict)
    for batch in data.draw(batched(world)):
        applied = ledger.apply(batch)
        if data.draw(st.booleans()):  # the process ended before it could say so: the claims come again
            applied = ledger.apply(batch)
        days = ledger.days_told(applied)
        for flow in applied.flows:
            node = ledger.nodes[flow]
            last = node.last(PEOPLE)
            for day in [] if last is None else range(last - SHOWN + 1, last + 1):
                told[flow].pop(iso_day(day), None)
            figures = day_figures(node, PEOPLE, SHOWN, days[flow])
            told[flow].update({figure.day: figure for figure in figures})
    for flow, node in ledger.nodes.items():
        known = {figure for figure in told[flow].values() if figure != DayFigure(flow, figure.day, 0, 0, None)}
        assert known >= {figure for figure in day_figures(node) if figure.best or figure.high is not None}
        assert known <= set(day_figures(node))
