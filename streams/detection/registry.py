"""The registry of rules, in the order in which a flow state lists their episodes. A new rule is added here."""

from __future__ import annotations

from bordertally.streams.detection.checkpoint_share import CHECKPOINT_SHARE
from bordertally.streams.detection.conflict import CONFLICT
from bordertally.streams.detection.daily_rate import DAILY_RATE
from bordertally.streams.detection.drop import DROP
from bordertally.streams.detection.record import RECORD
from bordertally.streams.detection.rule import Rule
from bordertally.streams.detection.silence import SILENCE
from bordertally.streams.ledger.tree import Node
from bordertally.streams.rules.config import Rules
from bordertally.streams.totals.records import Episode

RULES: dict[str, Rule] = {rule.name: rule for rule in (DAILY_RATE, DROP, RECORD, SILENCE, CONFLICT, CHECKPOINT_SHARE)}
"""Every rule by its name."""


def rule_of(name: str) -> Rule:
    """The rule with this name; the daily rate for an unknown name, as an alert of another version may have."""
    return RULES.get(name, DAILY_RATE)


def all_episodes(node: Node, rules: Rules) -> list[Episode]:
    """The episodes that every rule finds on a flow, rule by rule. `rules`: those of the flow."""
    return [episode for rule in RULES.values() for episode in rule.find(node, rules)]
