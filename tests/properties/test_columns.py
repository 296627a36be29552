"""Readings by the column are the same readings, however they are put together, parted, sent and kept."""

from __future__ import annotations

from random import Random

import msgspec
from hypothesis import given

from bordertally.streams.ledger.source_day import SourceDay
from bordertally.streams.periods import ordinal_of
from bordertally.streams.reconciliation.constraints import day_span
from bordertally.streams.reports.readings import NO_READINGS, Columns, Reading
from bordertally.streams.reports.sources import WEIGHT
from properties.test_readings import DAYS, FIRST, MANY, arriving
from properties.worlds import SEEDS

encode, decode = msgspec.msgpack.encode, msgspec.msgpack.Decoder(Columns).decode


def some(seed: int) -> tuple[Random, list[Reading]]:
    random = Random(seed)
    return random, random.choice(arriving(random))


@given(SEEDS)
@MANY
def test_they_come_out_of_every_form_as_they_went_in(seed: int) -> None:
    random, readings = some(seed)
    columns = Columns.of(readings)
    assert columns.readings() == decode(encode(columns)).readings() == readings
    assert [columns.grade(place) for place in range(len(columns))] == [one.grade for one in readings]
    assert columns.any_withdrawn == any(one.best is None for one in readings)
    assert columns.all_count == all(one.best is not None and one.grade in WEIGHT for one in readings)
    at = random.randrange(len(readings) + 1)
    first, last = columns.cut(0, at), columns.cut(at, len(columns))
    assert (first.readings(), last.readings()) == (readings[:at], readings[at:])
    assert first.plus(last).readings() == readings
    wanted = [bool(random.randrange(2)) for _ in readings]
    picked = [one for one, want in zip(readings, wanted, strict=True) if want]
    assert columns.picked(wanted).readings() == picked


@given(SEEDS)
@MANY
def test_one_by_one_they_come_to_the_same_columns(seed: int) -> None:
    _, readings = some(seed)
    joined = NO_READINGS
    for one in readings:
        joined = joined.plus(Columns.of([one]))
    assert joined.readings() == readings
    assert joined.all_count == Columns.of(readings).all_count


@given(SEEDS)
@MANY
def test_each_day_has_those_that_begin_on_it_in_their_order(seed: int) -> None:
    _, readings = some(seed)
    by_day = list(Columns.of(readings).by_day())
    assert len({day for day, _ in by_day}) == len(by_day)
    assert {day: held.readings() for day, held in by_day} == {
        day: found
        for day in range(ordinal_of(FIRST) - 1, ordinal_of(FIRST) + DAYS + 2)
        if (found := [one for one in readings if ordinal_of(one.local_start) == day])
    }


@given(SEEDS)
@MANY
def test_a_slot_has_what_was_put_into_it(seed: int) -> None:
    """Held beside a dict of slots: new ones many at once, the others one by one."""
    _, readings = some(seed)
    midnight = day_span(ordinal_of(FIRST))[1]
    held, slots = SourceDay(), dict[tuple[int, int], Reading]()
    rest = held.add_new(Columns.of(readings), midnight).readings()
    for one in readings:
        usual = one.best is not None and one.local_end <= midnight
        if usual and not any(start == one.start for start, _ in slots):
            slots[one.start, one.end] = one
        else:
            assert one in rest
    assert held.columns.readings() == list(slots.values())
    for one in rest:
        assert held.of_slot(one) == slots.get((one.start, one.end))
        held.replace(one)
        slots[one.start, one.end] = one
    assert held.columns.readings() == list(slots.values())
    again = SourceDay(held.columns)
    assert [again.of_slot(one) for one in slots.values()] == list(slots.values())
