from __future__ import annotations

from bordertally.streams.detection.flow_state import flow_state
from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.rules.config import Rules
from bordertally.streams.totals.windows import WINDOWS
from unit.kit import claim, told


def test_the_state_of_a_flow_is_everything_that_is_known_of_it() -> None:
    state = told(
        claim(100, normal={"daily": 50}), claim(30, population="men"), claim(7, measure="queue"), claim(90, source="c")
    ).state()
    assert [total.window_days for total in state.totals] == [*WINDOWS]
    assert [episode.severity for episode in state.episodes] == ["critical"]
    assert (state.rate, state.rate_day) == (100, "2022-09-21")
    assert state.baseline is not None
    assert len(state.parts) == len(WINDOWS)
    assert len(state.noted) == 1
    assert len(state.conflicts) == 1


def test_a_flow_without_a_baseline_says_so() -> None:
    assert told(claim(98_000, "2022-09-21/P7D")).state().baseline is None


def test_the_state_follows_from_ledger_and_rules_alone() -> None:
    ledger = Ledger()
    ledger.apply([claim(100)])
    node = ledger.nodes[told(claim(100)).node().flow]
    assert flow_state(node, Rules()) == flow_state(node, Rules()) == told(claim(100)).state()


def test_the_newest_report_below_dates_the_flows_above() -> None:
    one = told(claim(1, flow="RU:KZ:aksai"), claim(1, flow="RU:GE", published="2022-10-01T00:00:00Z"))
    assert one.state("RU").published == one.state("RU:KZ").published == one.node("RU:KZ:aksai").published
