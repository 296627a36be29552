from __future__ import annotations

import pytest

from streams.errors import BordertallyError
from streams.rules import Rules, parse_rules


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
        ("[[", "rules.toml"),
    ],
)
def test_a_wrong_rule_is_named_with_its_value(text: str, complaint: str) -> None:
    with pytest.raises(BordertallyError, match=complaint):
        parse_rules(text, "rules.toml")


def test_a_level_of_a_member_is_that_of_the_flow_inside_the_bloc() -> None:
    rules = parse_rules('[[baselines]]\nflow = "RU:FI"\ndaily = 9', "rules.toml", frozenset({"EU"}))
    assert [one.daily for one in rules.for_flow("RU:EU:FI")] == [9]
