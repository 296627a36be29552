"""What reconciling costs: claims that contradict each other cost little more than claims that agree.

Cost is counted in lines of the core executed, not in seconds: the same on every machine.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from benchmarks.counted import lines
from bordertally.streams.periods import DAY, midnight
from bordertally.streams.reconciliation.constraints import Constraint, Floor, Floors, Kind, Trust
from bordertally.streams.reconciliation.reconcile import reconcile

FIRST = 738_000
DAYS = 40
LOOSE = 0.04
"""The share of its figure by which a rounded claim may be off: less than what contradicts others."""
KINDS = (Kind.EQUAL, Kind.EQUAL, Kind.EQUAL, Kind.AT_LEAST, Kind.AT_MOST)


def claims(
    count: int, noise: float, seed: int, loose: float = 0.0, kinds: Sequence[Kind] = (Kind.EQUAL,), step: int = DAY
) -> list[Constraint]:
    """Overlapping claims of 1 to 12 days about one hidden series, each off by up to `noise` of its figure."""
    rng = random.Random(seed)
    daily = [float(rng.randint(500, 20_000)) for _ in range(DAYS)]
    made: dict[tuple[int, int], Constraint] = {}
    while len(made) < count:
        start = rng.randrange(0, DAYS * DAY, step)
        end = min(start + rng.randrange(1, 13) * DAY + rng.choice((0, DAY - step)), DAYS * DAY)
        if end - start < DAY:
            continue
        shares = [max(0, min(end, (day + 1) * DAY) - max(start, day * DAY)) / DAY for day in range(DAYS)]
        people = sum(share * each for share, each in zip(shares, daily, strict=True)) * (1 + rng.uniform(-noise, noise))
        kind = rng.choice(kinds)
        low = 0.0 if kind is Kind.AT_MOST else people * (1 - loose)
        high = None if kind is Kind.AT_LEAST else people * (1 + loose)
        best = {Kind.EQUAL: people, Kind.AT_LEAST: low, Kind.AT_MOST: people * (1 + loose)}[kind]
        weight = rng.choice((1.0, 2.0, 4.0))
        base = midnight(FIRST)
        trust = Trust(weight, False, rng.randrange(1_000_000), "", "", base + start, base + end)
        made[start, end] = Constraint(base + start, base + end, low, best, high, kind, trust, weight, (str(len(made)),))
    return list(made.values())


def floors(seed: int) -> dict[int, Floors]:
    rng = random.Random(seed)
    known = {FIRST + day: float(rng.randint(100, 6000)) for day in range(0, DAYS, 2)}
    return {day: (Floor(4.0, people, people, people, full=False),) for day, people in known.items()}


def cost(constraints: list[Constraint], known: dict[int, Floors] | None = None) -> int:
    return lines(lambda: reconcile(constraints, known or {}, FIRST, FIRST + DAYS - 1))


def mean_cost(count: int, noise: float, loose: float = 0.0) -> float:
    return sum(cost(claims(count, noise, seed, loose)) for seed in range(5)) / 5


@pytest.mark.parametrize("loose", [0.0, LOOSE])
def test_claims_that_contradict_each_other_cost_little_more_than_claims_that_agree(loose: float) -> None:
    assert mean_cost(50, 0.2, loose) < 4 * mean_cost(50, 0.0, loose)


@pytest.mark.parametrize("noise", [0.0, 0.2])
@pytest.mark.parametrize("loose", [0.0, LOOSE])
def test_cost_grows_about_as_the_number_of_claims(noise: float, loose: float) -> None:
    assert mean_cost(80, noise, loose) < 6 * mean_cost(20, noise, loose)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("step", [DAY, DAY // 4])
def test_mixtures_floors_and_odd_hours_stay_bounded(seed: int, step: int) -> None:
    mixed = claims(50, 0.2, seed, LOOSE, KINDS, step)
    plain = mean_cost(50, 0.0)
    assert cost(mixed) < 16 * plain
    assert cost(mixed, floors(seed)) < 16 * plain
