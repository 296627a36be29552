from __future__ import annotations

import pytest

from bordertally.streams.detection.rules_file import parse_rules
from bordertally.streams.errors import BordertallyError
from bordertally.streams.rules.config import Rules


def test_rules_left_out_are_the_defaults() -> None:
    assert parse_rules("", "rules.toml") == Rules()
    assert Rules().detection.ratio == 1.25


def test_an_operators_level_is_a_figure_or_a_range() -> None:
    rules = parse_rules(
        '[[baselines]]\nflow = "RU:GE"\ndaily = [5000, 6000]\n[[baselines]]\nflow = "RU:KZ"\ndaily = 9', "rules.toml"
    )
    assert [one.level for one in rules.baselines] == [(5000, 6000), (9, 9)]
    assert rules.for_flow("RU:KZ") == [rules.baselines[1]]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[detection]\nratio = 1", "detection.ratio: 1.0 must be above 1"),
        ("[detection]\nclear_share = 0", "detection.clear_share"),
        ("[detection]\nrato = 2", "rato"),
        ('[[baselines]]\nflow = "RU"\ndaily = 0', r"baselines\[0\].daily: 0.0 must be above 0"),
        ('[[baselines]]\nflow = "RU"\ndaily = [6, 5]', r"baselines\[0\].daily"),
        ('[[baselines]]\nflow = "RU"\ndaily = [6]', r"baselines\[0\].daily"),
        ('[[baselines]]\nflow = "ru"\ndaily = 6', r"rules.toml: baselines\[0\].flow: .*got ru"),
        ('[[baselines]]\nflow = "RU"\ndaily = 6\nratio = 0.9', r"baselines\[0\].ratio: 0.9 must be above 1"),
        ('[detection]\nlearned = "c9"', "detection.learned: c9 is no method; there are weekday"),
        ('[detection]\nlearned = ["c2", "c9"]', "detection.learned: c9 is no method"),
        ("[detection]\nsigmas = 1", "detection.sigmas: 1.0 must be above 1"),
        ("[detection]\nsigma_floor = -1", "detection.sigma_floor: -1.0 must be 0 or more"),
        ("[detection]\nabsolute = 0", "detection.absolute: 0.0 must be above 0"),
        ("[detection]\ndrop = 1", "detection.drop: 1.0 must be above 0, below 1"),
        ('[detection]\nrecord = "0w"', "detection.record: 0w must be a day or more"),
        ('[detection]\nrecord = "1y"', "detection.record: '1y' is no number of days or weeks"),
        ('[detection]\nfor = "1h"', "detection.for: '1h' is no number of days or weeks"),
        ('[[flows]]\nflow = "ru"\nsigmas = 2', r"flows\[0\].flow: .*got ru"),
        ('[[flows]]\nflow = "RU"\nlearned = "c9"', r"flows\[0\].learned: c9 is no method"),
        ('[[flows]]\nflow = "RU"\ncooldown = "2"', r"flows\[0\].cooldown: '2' is no number"),
        ('[[flows]]\nflow = "RU"\nratio = 2', "ratio"),
        ("[[", "rules.toml"),
    ],
)
def test_a_wrong_rule_is_named_with_its_value(text: str, complaint: str) -> None:
    with pytest.raises(BordertallyError, match=complaint):
        parse_rules(text, "rules.toml")


def test_a_level_of_a_member_is_that_of_the_flow_inside_the_bloc() -> None:
    rules = parse_rules('[[baselines]]\nflow = "RU:FI"\ndaily = 9', "rules.toml", frozenset({"EU"}))
    assert [one.daily for one in rules.for_flow("RU:EU:FI")] == [9]


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
    assert [one.patience.pending for one in found.values()] == [0, 0, 0, 2]
    assert {one.sigmas for one in found.values()} == {2.5}
    assert rules.of("RU:KZ") is rules.of("RU:KZ")
    assert Rules().of("RU:KZ") == Rules()
