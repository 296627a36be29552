"""The worlds of these laws are about the product's subject: reports that overlap, contradict and correct each other."""

from __future__ import annotations

from collections import Counter

from hypothesis import event, given, settings

from bordertally.streams.reports.claims import Claim
from properties.traits import traits_of
from properties.worlds import desk_of, worlds

WORLDS = 200
FLOORS = {
    "conflict": 0.6,
    "alert": 0.5,
    "second alert": 0.3,
    "correction or withdrawal": 0.7,
    "withdrawal": 0.4,
    "children and part bind": 0.3,
    "grades on one flow": 0.7,
    "cumulative": 0.3,
    "counts by the hour": 0.3,
    "doubt": 0.4,
}
"""The least share of the worlds that have a trait; `pytest -s` prints the shares."""


def test_most_worlds_contradict_correct_and_bound_and_alert_again() -> None:
    found: Counter[str] = Counter()

    @settings(max_examples=WORLDS)
    @given(worlds())
    def look(world: list[list[Claim]]) -> None:
        for trait in traits_of(world, desk_of(world)):
            event(trait)
            found[trait] += 1

    look()
    shares = {trait: found[trait] / WORLDS for trait in FLOORS}
    print({trait: f"{share:.0%}" for trait, share in shares.items()})  # noqa: T201 - for `pytest -s`
    assert {trait for trait, share in shares.items() if share < FLOORS[trait]} == set()
