from __future__ import annotations

import pytest

from bordertally.streams.detection.rules_file import parse_rules
from bordertally.streams.flows import Flow
from bordertally.streams.rules.config import Detection, FlowRules, OperatorBaseline, Rules, Setting, times_expected


def test_settings_of_a_flow_hold_for_it_and_all_below_the_later_over_the_earlier() -> None:
    rules = parse_rules(
        """
        [detection]
        learned = "c1"
        sigmas = 2.5
        [[flows]]
        flow = "RU:*"
        learned = ["weekday"]
        absolute = 500
        [[flows]]
        flow = "RU:FI"
        absolute = 900
        for = "2d"
        """,
        "rules.toml",
        frozenset({"EU"}),
    )
    found = {flow: rules.of(flow).detection for flow in ("RU", "RU:KZ", "RU:KZ:aksai", "RU:EU:FI:vaalimaa")}
    assert [one.methods for one in found.values()] == [("c1",), ("weekday",), ("weekday",), ("weekday",)]
    assert [one.absolute for one in found.values()] == [None, 500, 500, 900]
    assert [one.debounce.pending for one in found.values()] == [0, 0, 0, 2]
    assert {one.sigmas for one in found.values()} == {2.5}
    assert rules.of("RU:KZ") is rules.of("RU:KZ")
    assert Rules().of("RU:KZ") == Rules()


def test_a_rate_is_compared_with_what_is_expected() -> None:
    assert times_expected(150.0, 100.0) == 1.5
    assert times_expected(1.0, 0.0) == float("inf")


@pytest.mark.parametrize(("times", "rank"), [(1.49, 0), (1.5, 1), (1.99, 1), (2.0, 2), (float("inf"), 2)])
def test_severity_goes_by_the_ratio(times: float, rank: int) -> None:
    assert Detection().rank(times) == rank


def test_rounding_does_not_lower_a_severity() -> None:
    assert Detection(warning=1.1).rank(0.1 * 11) == 1
    assert Detection(critical=3 * 1.1).rank(3.3) == 2


def test_a_flow_turns_a_rule_off_and_leaves_the_others() -> None:
    detection = Detection(drop=0.5, record="52w", others={"a": 1.0, "b": 2.0})
    flow = FlowRules(flow="RU", drop=False, sigmas=4.0, others={"a": False, "b": 3.0})
    found = flow.over(detection)
    assert (found.drop, found.record, found.sigmas, found.others) == (None, "52w", 4.0, {"b": 3.0})


def test_a_setting_is_a_field_or_one_of_the_others() -> None:
    detection = Detection(drop=0.5, others={"crowd": 9.0})
    names = ("drop", "record", "crowd", "nothing")
    assert [Setting(name).of(detection) for name in names] == [0.5, None, 9.0, None]


def test_rules_of_an_alias_hold_for_the_flow_of_its_place() -> None:
    rules = Rules(
        Detection(),
        (OperatorBaseline(flow="RU:KZ:old-gate", daily=100.0), OperatorBaseline(flow="RU:GE", daily=7.0)),
        (FlowRules(flow="RU:KZ:old-gate", absolute=500),),
    )
    renamed = rules.renamed({Flow("RU:KZ:old-gate"): Flow("RU:KZ:aksai")})
    assert [(baseline.flow, baseline.daily) for baseline in renamed.baselines] == [
        ("RU:KZ:aksai", 100.0),
        ("RU:GE", 7.0),
    ]
    assert [settings.flow for settings in renamed.flows] == ["RU:KZ:aksai"]
    assert rules.renamed({Flow("RU:KZ:other"): Flow("RU:KZ:aksai")}) is rules
