from __future__ import annotations

import itertools
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from bordertally.streams.alerts.records import AlertState
from bordertally.streams.detection.flow_state import flow_state
from bordertally.streams.detection.registry import RULES
from bordertally.streams.reports.claims import Claim
from properties.worlds import EVERY_RULE, batched, busy_borders, desk_of, figures, lived_and_restored, worlds
from unit.kit import alerts_of

World = list[list[Claim]]
CLOSED = (AlertState.RESOLVED, AlertState.WITHDRAWN)


@given(st.one_of(busy_borders(), busy_borders(), worlds()), st.data())
@settings(max_examples=60)
def test_every_rule_comes_to_the_same_in_any_order_and_any_batches(world: World, data: st.DataObject) -> None:
    expected = desk_of(world, EVERY_RULE)
    other = desk_of(data.draw(batched(world)), EVERY_RULE)
    assert figures(other) == figures(expected)
    assert {flow: state.episodes for flow, state in other.states.items()} == {
        flow: state.episodes for flow, state in expected.states.items()
    }
    assert alerts_of(other) == alerts_of(expected)


@given(busy_borders())
@settings(max_examples=40)
def test_a_restored_ledger_finds_what_the_one_that_lived_found(world: World) -> None:
    ledger, restored = lived_and_restored(world)
    for flow, node in ledger.nodes.items():
        assert flow_state(restored.nodes[flow], EVERY_RULE) == flow_state(node, EVERY_RULE)


@given(st.one_of(busy_borders(), busy_borders(), worlds()), st.data())
@settings(max_examples=60)
def test_seq_has_no_gaps_and_alerts_of_a_flow_and_rule_follow_each_other(world: World, data: st.DataObject) -> None:
    desk = desk_of([], EVERY_RULE)
    seqs: Counter[str] = Counter()
    newest = {}
    for batch in data.draw(batched(world)):
        for alert in desk.apply(batch):
            seqs[alert.id] += 1
            assert alert.seq == seqs[alert.id]
            newest[alert.id] = alert
        open_now = Counter((one.flow, one.rule) for one in newest.values() if one.state not in CLOSED)
        assert max(open_now.values(), default=0) <= 1
    for state in desk.states.values():
        for rule in RULES:
            runs = [one for one in state.episodes if one.rule == rule]
            for one, later in itertools.pairwise(runs):
                assert one.until is not None
                assert one.day < one.until <= later.since
    for alert in desk.log:
        if alert.previous is not None:
            before = newest[alert.previous]
            assert (before.flow, before.rule) == (alert.flow, alert.rule)
            assert alert.previous != alert.id
