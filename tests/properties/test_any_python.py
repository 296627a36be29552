"""The same bytes on every Python: from 3.12 on, the built-in `sum` of floats rounds otherwise than before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random

import msgspec

from bordertally.streams.learning.levels import Tuning
from bordertally.streams.learning.methods import METHODS
from bordertally.streams.reports.claims import Claim
from unit.kit import claims, told

LONG = 40
LEVELS = "9e0ab76abc72b76f5a561a990a5b86d0c461cc3f1481b1079be2a9f2944ed9f7"
"""Of all methods, likewise."""

FIRST = datetime(2022, 9, 1, tzinfo=UTC)
DAYS = 40
COMES_TO = "ce8959bc5910eccbd7be0b3d9300a5a3965e3e10ebb47c0f4306d99c234f5113"
"""Of the world below, on Python 3.11, 3.12 and 3.13; only another arithmetic may change it."""


def test_a_crooked_world_comes_to_the_same_bytes() -> None:
    desk = told(*_world(Random(7))).desk
    told_of = [*desk.log, *(desk.states[flow] for flow in sorted(desk.states))]
    assert sha256(msgspec.json.encode(told_of)).hexdigest() == COMES_TO


def test_every_learned_level_comes_to_the_same_digits() -> None:
    rng = Random(11)
    histories = [[rng.uniform(0, 900) / 7 for _ in range(LONG)] for _ in range(50)]
    levels = {
        name: [method.learn(one[-len(method.back) :], Tuning()) for one in histories]
        for name, method in sorted(METHODS.items())
    }
    assert sha256(repr(levels).encode()).hexdigest() == LEVELS


def _world(rng: Random) -> Iterator[list[Claim]]:
    """Counts of seven hours, many over midnight, and spans that overlap, disagree, or only bound."""
    for slot in range(DAYS * 24 // 7):
        for point in ("mashtakovo", "syrym"):
            yield _said(rng.randrange(900, 1100), 7 * slot, 7, f"RU:KZ:{point}", "c", id=f"{point}-{slot}")
    for number in range(60):
        hours = 24 * rng.randint(1, 9)
        flow, source = rng.choice(["RU:KZ", "RU:KZ:syrym", "RU:GE", "RU"]), rng.choice("abd")
        how = rng.choice(["stated", "about", "nearly", "more_than", "at_most"])
        people = rng.randrange(150, 400) * hours
        yield _said(people, 24 * rng.randrange(DAYS), hours, flow, source, id=f"said-{number}", qualifier=how)


def _said(people: int, begin: int, hours: int, flow: str, source: str, **more: str) -> list[Claim]:
    start, end = FIRST + timedelta(hours=begin), FIRST + timedelta(hours=begin + hours)
    published = f"{end:%Y-%m-%dT%H:%M:%SZ}"
    return claims(people, f"{start:%Y-%m-%dT%H:%MZ}/{end:%Y-%m-%dT%H:%MZ}", flow, source, published=published, **more)
