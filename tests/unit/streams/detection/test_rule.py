from __future__ import annotations

import pytest

from bordertally.streams.detection.registry import RULES
from bordertally.streams.detection.rule import EVER, Rule
from bordertally.streams.rules.config import Detection, Setting
from bordertally.streams.rules.wording import describe_rate


def rule(setting: Setting | None) -> Rule:
    return Rule("x", lambda *_: [], describe_rate, "", "", setting)


def test_a_rule_without_a_setting_is_always_on() -> None:
    assert rule(None).is_on(Detection())


@pytest.mark.parametrize(("value", "is_on"), [(None, False), (0.0, True), (0.5, True)])
def test_a_rule_with_a_setting_is_on_where_it_has_a_value(value: float | None, is_on: bool) -> None:
    assert rule(Setting("conflict")).is_on(Detection(conflict=value)) == is_on


def test_ever_is_longer_than_any_history() -> None:
    assert EVER > 365 * 2030


@pytest.mark.parametrize("name", RULES)
def test_every_rule_has_the_words_of_its_alerts(name: str) -> None:
    one = RULES[name]
    assert one.noun == one.noun.strip().lower() != ""
    assert one.headline[0].isupper()
    assert not one.headline.endswith(".")
    assert one.setting is None or one.setting.name == name.replace("-", "_")


def test_the_rules_that_need_reports_are_those_about_sources_claims_and_children() -> None:
    needing = {name for name, one in RULES.items() if one.needs_reports}
    assert needing == {"silence", "conflict", "checkpoint-share"}
