"""After revisions: the band of daily figures and their revisions is what a slow definition makes of all versions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

from hypothesis import event, given, settings
from hypothesis import strategies as st

from bordertally.streams.flows import Flow
from bordertally.streams.reports.claims import Claim
from bordertally.streams.totals.records import AfterRevisions
from bordertally.streams.totals.windows import total_in, totals
from properties.worlds import SEEDS, lived_and_restored
from steady import examples
from unit.kit import claim

FIRST = date(2022, 1, 1)
Version = tuple[int, int, int]
"""The day that a version is about, the day it was published on, both counted from FIRST, and its people."""


def revised_days(random: Random, days: int) -> list[Version]:
    """The versions of daily figures: one on the next day or so, then up to three revisions; a few days are left out."""
    usual = random.choice((0.0, 0.6, 1.0))  # how often a day is revised
    versions: list[Version] = []
    for about in range(days):
        if random.random() < 0.02:
            continue
        published, people = about + random.choice((1, 1, 1, 2, 4)), random.randint(80, 120)
        for _ in range(1 + (random.randint(1, 3) if random.random() < usual else 0)):
            if published <= days:
                versions.append((about, published, people))
            published += random.choice((1, 2, 7, 15))
            people = round(people * random.choice((0.95, 1.0, 1.05, 1.2)))
    return versions


def claims_of(versions: Sequence[Version]) -> list[Claim]:
    return [
        claim(
            people,
            (FIRST + timedelta(days=about)).isoformat(),
            id=f"{about}-{published}",
            qualifier="count",
            published=f"{FIRST + timedelta(days=published)}T08:00:00Z",
        )
        for about, published, people in versions
    ]


def by_definition(versions: Sequence[Version]) -> AfterRevisions | None:
    """The band, from the definition in docs/total.md and all versions."""
    history: dict[int, dict[int, int]] = {}
    for about, published, people in versions:
        history.setdefault(about, {})[published] = people
    now = {about: of_day[max(of_day)] for about, of_day in history.items()}
    newest = max(max(of_day) for of_day in history.values())
    ratios: list[float] = []
    for end in range(newest - 14, 6, -1):  # exclusive
        week = range(end - 7, end)
        if len(ratios) == 52 or not all(day in history for day in week):
            continue
        said = max(min(history[day]) for day in week)
        if said <= end + 13:
            first = sum(history[day][max(at for at in history[day] if at <= said)] for day in week)
            ratios.append(sum(now[day] for day in week) / first)
    if len(ratios) < 20 or sum(ratio != 1 for ratio in ratios) < 10:
        return None
    ratios.sort()

    def percentile(share: float) -> float:
        place = min(max(share * (len(ratios) + 1), 1), len(ratios))
        below = ratios[int(place) - 1]
        return below + (place % 1) * (ratios[min(int(place), len(ratios) - 1)] - below)

    last = max(history)
    best = sum(now.get(day, 0) for day in range(last - 6, last + 1))
    return AfterRevisions(int(best * percentile(0.05) + 0.5), int(best * percentile(0.95) + 0.5))


@given(st.integers(30, 75), SEEDS)
@settings(deadline=None, max_examples=examples(30))
def test_any_order_and_a_restart_come_to_the_band_of_the_definition(days: int, seed: int) -> None:
    random = Random(seed)
    versions = revised_days(random, days)
    batches = [[each] for each in claims_of(versions)]
    random.shuffle(batches)
    batches += random.sample(batches, len(batches) // 8)  # some are delivered again
    expected = by_definition(versions)
    event("no band" if expected is None else "a band")
    for ledger in lived_and_restored(batches):
        total = total_in(7, totals(ledger.nodes[Flow("RU:KZ")]))
        assert total is not None
        assert _close(total.after_revisions, expected)


def _close(found: AfterRevisions | None, expected: AfterRevisions | None) -> bool:
    """Equal but for what rounding of halves may leave."""
    if found is None or expected is None:
        return found is expected
    return abs(found.low - expected.low) <= 1 and abs(found.high - expected.high) <= 1
