"""The generated worlds contain what the laws are about: contradictions, corrections, bounds and alerts, often enough.

`pytest -s` prints the shares.
"""

from __future__ import annotations

from random import Random

from bordertally.streams.detection.registry import RULES
from bordertally.streams.learning.methods import METHODS
from bordertally.streams.reports.claims import Claim
from bordertally.streams.rules.config import Detection, Rules
from properties.test_learned import months
from properties.test_thousands import in_order, world
from properties.traits import shares, too_rare, traits_of
from properties.worlds import EVERY_RULE, SEEDS, busy_borders, busy_weeks, desk_of, worlds

World = list[list[Claim]]

FLOORS = {
    "conflict": 0.5,
    "alert": 0.4,
    "second alert": 0.2,
    "correction or withdrawal": 0.6,
    "withdrawal": 0.35,
    "children and part bind": 0.25,
    "grades on one flow": 0.5,
    "cumulative": 0.25,
    "counts by the hour": 0.12,
    "doubt": 0.3,
}
"""Well below what is measured, because hypothesis draws other worlds whenever a constant of any module changes."""

FLOORS_OF_SMALL_WORLDS = {
    "conflict": 0.25,
    "alert": 0.4,
    "second alert": 0.08,
    "correction or withdrawal": 0.9,
    "withdrawal": 0.4,
    "children and part bind": 0.15,
    "counts by the hour": 0.6,
    "doubt": 0.4,
}


def test_most_worlds_contain_conflicts_corrections_bounds_and_repeated_alerts() -> None:
    assert too_rare(shares(worlds(), lambda world: traits_of(world, desk_of(world)), 200), FLOORS) == {}


def test_many_small_worlds_contain_them_too() -> None:
    def traits(seed: int) -> set[str]:
        reports = in_order(world(Random(seed)))
        return traits_of(reports, desk_of(reports))

    assert too_rare(shares(SEEDS, traits, 200), FLOORS_OF_SMALL_WORLDS) == {}


def test_busy_weeks_contain_repeated_alerts() -> None:
    measured = shares(busy_weeks(), lambda world: traits_of(world, desk_of(world)), 60)
    assert too_rare(measured, {"alert": 0.5, "second alert": 0.2, "correction or withdrawal": 0.4}) == {}


def test_busy_borders_open_alerts_of_every_rule() -> None:
    measured = shares(busy_borders(), lambda world: [alert.rule for alert in desk_of(world, EVERY_RULE).log], 60)
    assert too_rare(measured, dict.fromkeys(RULES, 0.07)) == {}


def test_months_open_alerts_with_every_method() -> None:
    def alarmed(world: World) -> list[str]:
        return [method for method in METHODS if desk_of(world, Rules(Detection(learned=method))).log]

    assert too_rare(shares(months(), alarmed, 30), dict.fromkeys(METHODS, 0.1)) == {}


def test_alerts_often_quote_statements() -> None:
    def traits(world: World) -> list[str]:
        states = desk_of(world, EVERY_RULE).states.values()
        return ["quote" for state in states for episode in state.episodes if episode.quotes]

    assert too_rare(shares(worlds(), traits, 60), {"quote": 0.3}) == {}
