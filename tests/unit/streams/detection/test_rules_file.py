from __future__ import annotations

import pytest

from bordertally.streams.detection.rules_file import parse_rules, settings_of_rules, with_settings
from bordertally.streams.errors import BordertallyError, ConfigError
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
        ("[detection]\nratio = 1", "detection.ratio: 1 must be above 1"),
        ("[detection]\nclear_share = 0", "detection.clear_share"),
        ("[detection]\nrato = 2", "rato"),
        ('[[baselines]]\nflow = "RU"\ndaily = 0', r"baselines\[0\].daily: 0 must be above 0"),
        ('[[baselines]]\nflow = "RU"\ndaily = [6, 5]', r"baselines\[0\].daily"),
        ('[[baselines]]\nflow = "RU"\ndaily = [6]', r"baselines\[0\].daily"),
        ('[[baselines]]\nflow = "ru"\ndaily = 6', r"rules.toml: baselines\[0\].flow: .*got ru"),
        ('[[baselines]]\nflow = "RU"\ndaily = 6\nratio = 0.9', r"baselines\[0\].ratio: 0.9 must be above 1"),
        ('[detection]\nlearned = "c9"', "detection.learned: c9 is no method; there are weekday"),
        ('[detection]\nlearned = ["c2", "c9"]', "detection.learned: c9 is no method"),
        ("[detection]\nsigmas = 1", "detection.sigmas: 1 must be above 1"),
        ("[detection]\nsigma_floor = -1", "detection.sigma_floor: -1 must be 0 or more"),
        ("[detection]\nabsolute = 0", "detection.absolute: 0 must be above 0"),
        ("[detection]\ndrop = 1", "detection.drop: 1 must be above 0, below 1"),
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


def test_every_rule_that_can_be_off_has_a_setting() -> None:
    assert set(settings_of_rules()) >= {"drop", "record", "silence", "conflict", "checkpoint_share"}
    assert parse_rules("[detection]\ndrop = 0.5\nconflict = 0", "r").detection.conflict == 0


FILE = parse_rules('[detection]\ndrop = 0.5\n[[flows]]\nflow = "RU"\nsigmas = 4', "rules.toml")


def test_settings_go_in_place_of_those_of_all_flows() -> None:
    rules = with_settings(FILE, ["sigmas=2.5", "for = 2d", 'learned = ["c1", "c2"]', "drop=0.25"])
    found = rules.detection
    assert (found.sigmas, found.for_, found.methods, found.drop) == (2.5, "2d", ("c1", "c2"), 0.25)
    assert rules.of("RU").detection.sigmas == 4, "those of a flow stay"
    assert with_settings(FILE, []) == FILE


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        ("sigmas", "--set: sigmas is no NAME=VALUE"),
        ("=2", "--set: =2 is no NAME=VALUE"),
        ("sigmas=", "--set: sigmas= is no NAME=VALUE"),
        ("a.b=2", r"--set: a\.b=2 is no NAME=VALUE"),
        ("sigmas=1", r"--set sigmas=1: detection\.sigmas: 1 must be above 1"),
        ("drop=much", "--set drop=much: .*drop"),
        ("rato=2", "--set rato=2: .*rato"),
    ],
)
def test_a_wrong_setting_is_quoted(setting: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        with_settings(FILE, [setting])
