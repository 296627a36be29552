"""What is learned depends on the days alone: not on when they came, nor on what was worked out before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bordertally.streams.detection.daily_rate import exceedance
from bordertally.streams.learning.methods import METHODS
from bordertally.streams.ledger.rows import PEOPLE
from bordertally.streams.replay.ledgers import ReplayLedgers
from bordertally.streams.reports.claims import Claim
from bordertally.streams.rules.baseline import JudgedDays, judge, judged_days
from bordertally.streams.rules.config import Detection, FlowRules, OperatorBaseline, Rules
from properties.worlds import REGISTRY, START, batched, read, worlds
from unit.kit import alerts_of

FLOW = "RU:KZ"
LONGEST = 45
DAYS = (*[400, 410, 420, 440] * 6, 0, 90, 900, 1600, 4000, None)
"""People on a day: mostly as usual, so that every method learns a level that some days lie above."""
EVERY = pytest.mark.parametrize("learned", [*((name,) for name in METHODS), ("weekday", "c2"), ("c3", "regression")])


@st.composite
def months(draw: st.DrawFn) -> list[list[Claim]]:
    """Daily counts of one flow, some missing, some corrected or withdrawn later, now and then a week in one figure."""
    documents = []
    length = draw(st.sampled_from((14, 36, LONGEST)))
    days = draw(st.lists(st.sampled_from(DAYS), min_size=length, max_size=length))
    for index, people in enumerate(days):
        for version in range(draw(st.sampled_from((0, 1, 1, 1, 1, 1, 2)))):
            figure = people if version == 0 else draw(st.sampled_from((400, 1200, None)))
            length = 7 if draw(st.integers(0, 30)) == 0 else 1
            period = "/".join((START.date() + timedelta(days=index + more)).isoformat() for more in (0, length))
            claim = {"flow": FLOW, "period": period, "people": figure, "qualifier": "count"}
            published = START + timedelta(days=index + length, hours=9 + version)
            documents.append(
                {"id": f"{index}-{version}", "source": "b", "published": published.isoformat(), "claims": [claim]}
            )
    return read(documents)


def desk_under(rules: Rules, world: list[list[Claim]]) -> ReplayLedgers:
    desk = ReplayLedgers(REGISTRY, rules)
    for batch in world:
        list(desk.apply(batch))
    return desk


@EVERY
@settings(max_examples=30)
@given(months(), st.data())
def test_any_order_and_any_batches_come_to_the_same_alerts(
    learned: tuple[str, ...], world: list[list[Claim]], data: st.DataObject
) -> None:
    rules = Rules(Detection(learned=learned))
    expected = desk_under(rules, world)
    other = desk_under(rules, data.draw(batched(world)))
    assert other.states == expected.states
    assert alerts_of(other) == alerts_of(expected)


@EVERY
@settings(max_examples=30)
@given(months())
def test_days_kept_as_judged_are_those_that_are_judged_anew(learned: tuple[str, ...], world: list[list[Claim]]) -> None:
    rules = Rules(Detection(learned=learned))
    desk = desk_under(rules, world)
    for node in desk.ledger.nodes.values():
        kept = judged_days(node, rules).days
        assert kept == {day: judge(node, rules, day) for day in kept}
        series = [series for key, series in node.series.items() if key == ("people", "people")]
        assert kept.keys() == {day for one in series for day in one.bins}


@settings(max_examples=60)
@given(
    months(),
    st.sampled_from((Detection(), Detection(week_ratio=1.25), Detection(clear_share=0.2, sigma_floor_share=0.0))),
)
def test_an_ordinary_day_keeps_no_alert_open(world: list[list[Claim]], detection: Detection) -> None:
    rules = Rules(detection)
    for node in desk_under(rules, world).ledger.nodes.values():
        fresh = JudgedDays(node, rules)
        fresh.refresh(node)
        for day in node.series[PEOPLE].bins:
            above = exceedance(judge(node, rules, day), detection, opened=True)
            assert above is None or not fresh.is_ordinary(day)


@given(
    months(),
    st.sampled_from(("0d", "1d", "2d")),
    st.sampled_from(("0d", "3d")),
    st.sampled_from(("0d", "1w")),
    st.data(),
)
def test_patience_comes_to_the_same_alerts_in_any_order(
    world: list[list[Claim]], pending: str, kept: str, cooldown: str, data: st.DataObject
) -> None:
    rules = Rules(Detection(learned="c1", for_=pending, keep_firing_for=kept, cooldown=cooldown, absolute=430))
    expected = desk_under(rules, world)
    other = desk_under(rules, data.draw(batched(world)))
    assert other.states == expected.states
    assert alerts_of(other) == alerts_of(expected)
    for state in expected.states.values():
        assert all(one.day - one.since >= int(pending[0]) for one in state.episodes)


DROPS = Rules(
    Detection(drop=0.6, record="1w", for_="1d", keep_firing_for="2d"), (OperatorBaseline(flow="RU", daily=2500.0),)
)


@given(months() | worlds(), st.data())
def test_drops_and_records_come_to_the_same_alerts_in_any_order(world: list[list[Claim]], data: st.DataObject) -> None:
    for rules in (DROPS, Rules(Detection(drop=0.9, record="2w", learned="c2", minimum_people=1))):
        expected = desk_under(rules, world)
        other = desk_under(rules, data.draw(batched(world)))
        assert other.states == expected.states
        assert alerts_of(other) == alerts_of(expected)


@given(months())
def test_a_flow_is_judged_by_its_own_rules_as_if_they_were_those_of_all(world: list[list[Claim]]) -> None:
    own = FlowRules(flow=FLOW, learned="c1", sigmas=2.0, minimum_people=5.0, absolute=800.0)
    one = desk_under(Rules(flows=(own,)), world)
    all_ = desk_under(Rules(own.over(Detection())), world)
    for flow in one.states:
        assert (flow == FLOW) <= (one.states[flow] == all_.states[flow])
    assert [alert for alert in one.log if alert.flow == FLOW] == [alert for alert in all_.log if alert.flow == FLOW]


def test_there_are_enough_days_for_every_method() -> None:
    assert max(max(method.back) for method in METHODS.values()) < LONGEST
