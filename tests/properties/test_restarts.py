"""Workers that die between any two steps, and what comes again after: the figures and alerts are the same."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from bordertally.streams.alerts.lifecycle import Known, advance
from bordertally.streams.alerts.records import Alert, AlertState
from bordertally.streams.detection.flow_state import flow_state
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.periods import iso_day
from bordertally.streams.replay.ledgers import ReplayLedgers
from bordertally.streams.reports.claims import Claim
from bordertally.streams.rules.config import Rules
from bordertally.streams.totals.records import FlowState
from properties.worlds import REGISTRY, RULES, batched, busy_weeks, desk_of, figures, stored, worlds
from steady import examples
from unit.kit import REGISTRY as KIT
from unit.kit import alerts_of, claim, come_down, ordinal

World = list[list[Claim]]
FATES = ("well", "well", "well", "before anything", "rows only", "states only", "rows and states")
MONTHS = 91 * 86_400
NAMES = REGISTRY.names


class Worker:
    """Ledger and alerts over what survives: rows, states on a topic, alert records on a topic, what was said."""

    def __init__(self) -> None:
        self.rows: dict[bytes, bytes] = {}
        self.states: list[FlowState] = []
        self.log: list[Alert] = []
        self.known: dict[str, list[Known]] = {}
        self.ledger = Ledger()

    def take(self, batch: Iterable[Claim], fate: str = "well") -> None:
        """Work a batch through, up to where the fate has it."""
        applied = self.ledger.apply(batch)
        rows = {row: self.ledger.row(row) for row in applied.rows}
        states = [flow_state(self.ledger.nodes[flow], RULES) for flow in applied.flows]
        if fate in ("well", "rows only", "rows and states"):
            self.rows |= {row.key: value for row, value in rows.items()}
        if fate in ("well", "states only", "rows and states"):
            self.states += states
        if fate == "well":
            self.ledger.stored(rows)
        else:
            self.ledger = stored(self.rows)

    def say(self, state: FlowState, *, remembered: bool) -> None:
        """Say what a state leads to; a crash may come before it is remembered."""
        known, said = advance(self.known.get(state.flow, []), state, NAMES)
        self.log += said
        if remembered:
            self.known[state.flow] = known


def newest(log: Iterable[Alert]) -> list[Known]:
    """The newest record of each alert."""
    found = {one.id: one for one in sorted(log, key=lambda one: one.seq)}
    return [Known(one, 0, None, 0) for one in found.values()]


def months_late(world: World) -> World:
    """The same claims, about days three months before, published when they were."""

    def moved(one: Claim) -> Claim:
        times = {name: getattr(one, name) - MONTHS for name in ("start", "end", "local_start", "local_end")}
        return msgspec.structs.replace(one, **times)

    return [[moved(one) for one in claims] for claims in world]


@given(worlds() | busy_weeks(), st.data())
@settings(max_examples=examples(60))  # the dearest of all; smaller ones are in test_thousands.py
def test_crashes_between_any_two_steps_change_neither_figures_nor_alerts(world: World, data: st.DataObject) -> None:
    expected, worker = desk_of(world), Worker()
    batches: World = data.draw(batched(world))
    for number, batch in enumerate(batches):
        while (fate := data.draw(st.sampled_from(FATES))) != "well":
            worker.take(batch, fate)
            for again in batches[data.draw(st.integers(0, number)) : number]:  # uncommitted, so it comes again
                worker.take(again)
        worker.take(batch)
    restored = stored(worker.rows)
    assert {flow: flow_state(node, RULES) for flow, node in restored.nodes.items()} == dict(expected.states)
    assert {state.flow: state for state in worker.states} == dict(expected.states)
    for state in worker.states:
        while data.draw(st.integers(0, 3)) == 0:
            worker.say(state, remembered=False)
        worker.say(state, remembered=True)
    said = {(one.id, one.seq): one for one in worker.log}
    assert all(said[one.id, one.seq] == one for one in worker.log)
    assert come_down(newest(worker.log)) == alerts_of(expected)


@given(busy_weeks(), busy_weeks(), st.data())
def test_what_comes_months_late_comes_to_the_same(recent: World, old: World, data: st.DataObject) -> None:
    world: World = [*recent, *months_late(old)]
    expected = desk_of(world)
    other = desk_of(data.draw(batched(world)))
    assert figures(other) == figures(expected)
    assert alerts_of(other) == alerts_of(expected)


@given(st.lists(st.integers(100, 480), min_size=8, max_size=25), st.integers(0, 24), st.sampled_from((200, 420, None)))
def test_a_correction_that_takes_an_exceedance_away_withdraws_the_alert_and_is_cited(
    others: list[int], place: int, corrected: int | None
) -> None:
    high = place % len(others)
    first = ordinal("2022-09-01")

    def day(index: int, people: int | None, **more: str) -> Claim:
        return claim(people, iso_day(first + index), qualifier="count", normal={"daily": 400}, **more)

    desk = ReplayLedgers(KIT, Rules())

    def said(batch: list[Claim]) -> list[Alert]:
        return [one for one in desk.apply(batch) if one.flow == "RU:KZ"]

    assert said([day(index, people) for index, people in enumerate(others) if index != high]) == []
    assert said([day(high, 2_000)])[0].state is AlertState.FIRING
    (last,) = said([day(high, corrected, id="correction", published="2022-11-01T09:00:00Z")])
    assert last.state is AlertState.WITHDRAWN
    assert (last.reports, last.report_count) == (["b/correction"], 1)
