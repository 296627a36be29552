from __future__ import annotations

import random
from datetime import date
from itertools import permutations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.alerts.records import Alert, AlertState
from bordertally.streams.errors import ConfigError
from bordertally.streams.replay.scenario import CountSeries, Difference, compare, parse_scenarios, play
from bordertally.streams.rules.config import Detection, OperatorBaseline, Rules
from unit.kit import REGISTRY, claim, told

NORMAL = Rules(Detection(keep_firing_for="0d", drop=0.5), (OperatorBaseline(flow="RU:KZ", daily=100.0),))


def played(steps: str) -> list[Difference]:
    (scenario,) = parse_scenarios(f'[[scenario]]\nname = "x"\n{steps}', "s.toml").scenario
    return play(scenario, REGISTRY, NORMAL)


def step(people: str, want: str, at: str = "2022-10-20T00:00:00Z") -> str:
    counts = f'{{ source = "b", flow = "RU:KZ", first = 2022-09-01, people = "{people}" }}'
    return f"[[scenario.step]]\nat = {at}\ncounts = {counts}\nwant = {want}\n"


@pytest.mark.parametrize(
    ("people", "figures"),
    [
        ("", []),
        ("7", [7]),
        ("7x2", [7, 7, 7]),
        ("1+2x3 _ 9", [1, 3, 5, 7, None, 9]),
        ("9-4x2 _x2 1.5", [9, 5, 1, None, None, 1.5]),
    ],
)
def test_counts_are_written_as_promtool_writes_a_series(people: str, figures: list[float | None]) -> None:
    assert CountSeries("a", "RU", date(2022, 9, 1), people).figures() == figures


def test_what_is_wanted_comes() -> None:
    assert (
        played(step("100 160 170", '[{ flow = "RU:KZ", rule = "daily-rate", since = 2022-09-02, ratio = 1.7 }]')) == []
    )
    assert played(step("100 160 100", "[]")) == []
    closed = '[{ state = "resolved", until = 2022-09-03, published = 2022-10-20T03:00:00+03:00 }]'
    assert played(step("100 160 100", closed)) == []


def test_every_alert_that_is_open_must_be_wanted() -> None:
    (difference,) = played(step("100 160", "[]"))
    assert (difference.wanted, difference.came and difference.came.flow, difference.fields) == (None, "RU:KZ", [])


def test_a_wanted_alert_that_is_otherwise_is_shown_beside_what_came() -> None:
    (difference,) = played(step("100 160", '[{ flow = "RU:KZ", severity = "critical", peak_rate = 160 }]'))
    assert difference.came is not None
    assert difference.fields == ["severity"]
    (other,) = played(step("100 100", '[{ flow = "RU:KZ", severity = "critical" }]'))
    assert (other.came, other.step) == (None, 1)


def test_steps_build_on_each_other() -> None:
    later = "2022-10-21T00:00:00Z"
    assert played(step("100 160", '[{ severity = "warning" }]') + step("100 100", "[]", later)) == []


def test_a_refused_report_is_a_difference() -> None:
    (difference,) = played(
        '[[scenario.step]]\nat = 2022-10-20T00:00:00Z\nreport = { source = "nobody", flow = "RU:KZ" }\n'
    )
    assert difference.why is not None
    assert "report step-1-1 is refused: " in difference.why


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "s.toml: .*scenario"),
        ('[[scenario]]\nname = "x"\nstep = []', "s.toml: .*step"),
        (step("1", "[{ sevrity = 'warning' }]"), "x: step 1: want: sevrity is no field of an alert; there are id"),
        (step("1", "[{ severity = 'bad' }]"), "want: severity: bad is none of notice, warning, critical"),
        (step("1", "[{ state = 'opened' }]"), "want: state: opened is none of firing, updated"),
        (step("1", "[{ rule = 'dorp' }]"), "want: rule: dorp is none of daily-rate"),
        (step("1 5y", "[]"), "step 1: counts.people: 5y is no figure"),
        (step("1-1x3", "[]"), "counts.people: 1-1x3 falls below 0"),
        (step("1x9999 1x9999", "[]"), "makes more than 4,000 days"),
        (step("1", "[]", "2022-10-20T00:00:00"), "at"),
        (step("1", "[]") + step("1", "[]", "2022-10-19T00:00:00Z"), "x: step 2: at: 2022-10-19T.* is before"),
        ("[[", "s.toml"),
    ],
)
def test_a_wrong_scenario_is_named_with_its_place(text: str, complaint: str) -> None:
    head = '[[scenario]]\nname = "x"\n' if text.startswith("[[scenario.step") else ""
    with pytest.raises(ConfigError, match=complaint):
        parse_scenarios(head + text, "s.toml")


def alerts() -> list[Alert]:
    (alert,) = told(claim(300, "2022-09-02", qualifier="count"), rules=NORMAL).desk.log
    return [
        msgspec.structs.replace(alert, id=str(place), flow=flow, severity=severity)
        for place, (flow, severity) in enumerate([("RU", "warning"), ("RU:KZ", "warning"), ("RU:KZ", "critical")])
    ]


@given(st.randoms(use_true_random=False))
def test_wanted_alerts_find_each_other_in_whatever_order_they_are_written(shuffle: random.Random) -> None:
    wanted = [{"severity": "warning"}, {"flow": "RU:KZ"}, {"flow": "RU:KZ", "severity": "warning"}]
    shuffle.shuffle(wanted)
    for order in permutations(alerts()):
        assert compare(wanted, order) == []
        assert len(compare(wanted[:2], order)) == 1
        assert [came for _, came in compare([*wanted, {"flow": "RU:GE"}], order)] == [None]


def test_closed_alerts_need_not_be_wanted() -> None:
    closed = [msgspec.structs.replace(alert, state=AlertState.WITHDRAWN) for alert in alerts()]
    assert compare([], closed) == []
    assert compare([{"flow": "RU"}], closed) == [({"flow": "RU"}, None)]
    assert compare([{"flow": "RU", "state": "withdrawn"}], closed) == []


def test_a_silence_that_ends_before_its_step_is_refused() -> None:
    text = """
    [[scenario]]
    name = "one"
    [[scenario.step]]
    at = 2022-09-28T09:00:00Z
    silence = { flow = "RU", until = 2022-09-28T08:00:00Z }
    """
    with pytest.raises(ConfigError, match=r"file: one: step 1: silence: until: .* is not after"):
        parse_scenarios(text, "file")
