"""A day's readings taken column by column come to what they do when each is looked at by itself."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise
from math import fsum
from random import Random
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given, settings

from bordertally.streams.ledger.citations import CITED_COUNTS
from bordertally.streams.ledger.counts import Counts
from bordertally.streams.ledger.rows import encode_row
from bordertally.streams.natural_order import natural
from bordertally.streams.periods import DAY, ordinal_of
from bordertally.streams.reconciliation.constraints import Constraint, Kind, Trust, day_span
from bordertally.streams.reconciliation.folding import clipped, covers_day
from bordertally.streams.reports.readings import Columns, Reading
from bordertally.streams.reports.sources import WEIGHT
from properties.worlds import SEEDS
from steady import examples

MANY = settings(max_examples=examples(600))
HOUR = 3_600
FIRST = 19_256 * DAY
DAYS = 3


class Clock(NamedTuple):
    """A wall clock that is changed once, by some seconds."""

    changed: int
    by: int

    def at(self, moment: int) -> int:
        return moment + self.by * (moment >= self.changed)


def clock(random: Random) -> Clock:
    return Clock(FIRST + HOUR * random.randrange(24 * DAYS), HOUR * random.choice((0, 0, -1, 1)))


def reading(random: Random, wall: Clock, start: int, hours: int) -> Reading:
    """A count, or anything else that is said of some hours."""
    best = random.choice((0.0, 1.0, 7.0, 1e15, 1 / 3, float(random.randrange(300))))
    low: float = best
    high: float | None = best
    kind = random.randrange(12)
    if kind == 0:
        high = None
    elif kind == 1:
        low, high = best * 0.9, best * 1.1
    begin, end = FIRST + start * HOUR, FIRST + (start + hours) * HOUR
    local_begin, local_end = wall.at(begin), wall.at(end)
    if local_end <= local_begin:
        local_end = local_begin + end - begin
    published = (end + HOUR * random.randrange(3)) * 1_000_000
    report, grade = f"r{random.randrange(60)}", random.choice("BBBBBBBBBBBBBBBBAACD")
    said = best if random.randrange(25) else None
    return Reading(begin, end, local_begin, local_end, published, report, grade, low, said, high)


def day_of(random: Random, wall: Clock, day: int) -> list[Reading]:
    """Readings of one day: mostly they follow each other, and mostly all are there."""
    length = random.choice((1, 2, 3, 4, 6, 12))
    number = 24 // length + (random.randrange(3) == 0)  # over midnight now and then
    found = [reading(random, wall, 24 * day + place * length, length) for place in range(number)]
    if random.randrange(3) == 0:
        del found[random.randrange(len(found))]
    if random.randrange(4) == 0:
        found.append(reading(random, wall, 24 * day + random.randrange(24), random.randrange(1, 8)))
    if random.randrange(6) == 0:  # so far today
        found += [reading(random, wall, 24 * day, hours) for hours in (6, 12, 18)]
    return found


def arriving(random: Random) -> list[list[Reading]]:
    """All days in batches, some of it late, some twice, some corrected."""
    wall = clock(random)
    every = [one for day in range(DAYS) for one in day_of(random, wall, day)]
    every += [
        msgspec.structs.replace(one, published=one.published + random.randrange(2), low=0.0)
        for one in random.choices(every, k=random.randrange(4))
    ]
    every += random.choices(every, k=random.randrange(4))
    if random.randrange(2):
        random.shuffle(every)
    batches = []
    while every:
        size = random.choice((1, 2, 5, 30, len(every)))
        batches.append(every[:size])
        every = every[size:]
    return batches


def in_force(readings: Sequence[Reading]) -> list[Reading]:
    def order(version: Reading) -> tuple[object, ...]:
        """Published last; of several at one moment a withdrawal, then the highest number of the id, then any order."""
        return version.published, version.best is None, int(version.report[1:]), msgspec.msgpack.encode(version)

    newest: dict[tuple[int, int], Reading] = {}
    for one in sorted(readings, key=order):
        newest[one.start, one.end] = one
    return list(newest.values())


def counting(readings: Sequence[Reading], day: int) -> list[Reading]:
    start, end = day_span(day)
    return [
        clipped(one, start, end)
        for one in in_force(readings)
        if one.best is not None and one.grade in WEIGHT and one.local_start < end and one.local_end > start
    ]


def apart(readings: Sequence[Reading]) -> bool:
    return all(one.end <= other.start or other.end <= one.start for one, other in combinations(readings, 2))


def whole(readings: Sequence[Reading], day: int) -> bool:
    """Whether they fill the day hour by hour, or follow each other without a gap from its first to its last."""
    start, end = day_span(day)
    if sum(one.local_end - one.local_start for one in readings) < DAY:
        return False
    ordered = sorted(readings, key=lambda one: one.end)
    unbroken = all(one.end == other.start for one, other in pairwise(ordered))
    if unbroken and ordered[0].local_start <= start and ordered[-1].local_end >= end:
        return True
    return all(
        any(one.local_start <= hour < one.local_end for one in readings) for hour in range(start, end, HOUR // 2)
    )


def expected(readings: Sequence[Reading], day: int) -> Constraint:
    """The fold of readings that do not overlap, each looked at by itself."""
    full = whole(readings, day)
    highs = [one.high for one in readings if one.high is not None]
    high = fsum(highs) if full and len(highs) == len(readings) else None
    published = max(one.published for one in readings)
    last = max((one for one in readings if one.published == published), key=lambda one: (natural(one.report), -one.end))
    start, end = day_span(day)
    return Constraint(
        start,
        end,
        fsum(one.low for one in readings),
        fsum(one.best or 0.0 for one in readings),
        high,
        Kind.AT_LEAST if high is None else Kind.EQUAL,
        Trust(
            WEIGHT[last.grade],
            high == fsum(one.low for one in readings),
            published,
            last.report,
            "s",
            start,
            end,
        ),
        WEIGHT[last.grade],
        (),
        not full,
    )


def heaviest(readings: Sequence[Reading]) -> float:
    """The largest sum of some that do not overlap."""
    ordered = sorted(readings, key=lambda one: one.end)
    best: dict[int, float] = {0: 0.0}
    for one in ordered:
        before = max(people for end, people in best.items() if end <= one.start)
        best[one.end] = max(*best.values(), before + (one.best or 0.0))
    return max(best.values())


def row_of(counts: Counts, day: int) -> bytes:
    return encode_row([(counts.key, source, columns) for source, columns in counts.begun(day).items()])


@given(SEEDS)
@MANY
def test_a_day_comes_to_what_its_readings_do_one_by_one(seed: int) -> None:
    random = Random(seed)
    counts, readings = Counts(), list[Reading]()
    for batch in arriving(random):
        counts.add("s", Columns.of(batch))
        readings += batch
        for day in range(ordinal_of(FIRST), ordinal_of(FIRST) + DAYS + 2):
            if random.randrange(3) == 0:  # what is at hand is another thing each time
                held = counting(readings, day)
                assert_same(counts, day, held)
            if random.randrange(8) == 0:
                counts.pack(day, row_of(counts, day))
    for day in range(ordinal_of(FIRST), ordinal_of(FIRST) + DAYS + 2):
        assert_same(counts, day, counting(readings, day))


def assert_same(counts: Counts, day: int, held: list[Reading]) -> None:
    folded = counts.folded(day)
    assert len(folded) == (1 if held else 0)
    newest = sorted({(one.published, one.report) for one in held}, reverse=True)
    reports = tuple(dict.fromkeys(f"s/{report}" for _, report in newest))
    assert counts.number(day) == len(reports)
    assert counts.cites(day) == ((), reports[:CITED_COUNTS], len(reports))
    if held and apart(held):
        assert folded == [expected(held, day)]
        assert counts.reports_of(folded[0]) == tuple(sorted({f"s/{one.report}" for one in held}))
    elif held:
        assert folded[0].best == pytest.approx(heaviest(held))


@given(SEEDS)
@MANY
def test_what_is_unbroken_does_not_overlap_and_covers_what_it_covers_either_way(seed: int) -> None:
    random = Random(seed)
    readings = counting(in_force(day_of(random, clock(random), 0)), ordinal_of(FIRST))
    if not readings:
        return
    columns = Columns.of(readings)
    assert columns.readings() == readings
    ordered = sorted(readings, key=lambda one: one.end)
    follow = all(one.end == other.start for one, other in pairwise(ordered))
    assert columns.unbroken == follow
    if apart(readings):
        assert covers_day(columns, ordinal_of(FIRST), unbroken=columns.unbroken) == whole(readings, ordinal_of(FIRST))


@given(SEEDS)
@MANY
def test_a_row_is_the_same_whether_the_day_was_packed_meanwhile(seed: int) -> None:
    random = Random(seed)
    live, old = Counts(), Counts()
    for batch in arriving(random):
        live.add("s", Columns.of(batch))
        old.add("s", Columns.of(batch))
        for day in old.days:
            if random.randrange(2) == 0:
                old.pack(day, row_of(old, day))
    assert old.days == live.days
    assert [row_of(old, day) for day in old.days] == [row_of(live, day) for day in live.days]
