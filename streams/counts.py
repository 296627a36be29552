"""The readings of one series, by day: live where they still move, packed as they are stored where they do not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from streams.columns import Columns
from streams.evidence import CITED_COUNTS, NOTHING, Cites
from streams.folding import clipped, fold, folded_reports
from streams.periods import DAY, ordinal_of
from streams.reconcile import Constraint, day_span
from streams.records import Reading
from streams.sources import WEIGHT
from streams.versions import UNMOVED, Outcome, outcome_of

Slot = int | tuple[int, int]
"""When a reading begins, and when it ends too if another one begins with it.

Nearly always it is the number alone, which costs no memory and gives the garbage collector nothing to look at.
"""

Held = dict[Slot, Reading]
"""Readings of one source, in the order they came in."""

Sheet = dict[str, Held]
"""The readings of one day by source."""


class Key(NamedTuple):
    """A series within a flow."""

    population: str
    unit: str


PEOPLE = Key("people", "people")

Row = list[tuple[Key, str, list[Reading]]]
"""The stored form of a flow's readings of one day: by series and source."""

encode_row = msgspec.msgpack.Encoder().encode
decode_row = msgspec.msgpack.Decoder(Row).decode


NEW, STALE = Outcome.NEW, Outcome.STALE


class Put:
    """What readings did: how many of each outcome, the days whose rows changed, the days whose figures may have.

    `days`: all that they lie on, changed or not. `known`: of those that correct, withdraw or come again, the report,
    first and last day, and which of these it was.
    """

    def __init__(self) -> None:
        self.outcomes: dict[Outcome, int] = {}
        self.stored: set[int] = set()
        self.touched: set[int] = set()
        self.days: set[int] = set()
        self.known: list[tuple[str, int, int, Outcome]] = []

    def count(self, outcome: Outcome, number: int = 1) -> None:
        """So many readings came to this."""
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + number


class Counts:
    """Readings of one series. A day's fold is kept until a reading of that day moves."""

    def __init__(self, key: Key = PEOPLE) -> None:
        self.key = key
        self.last: int | None = None
        self._live: dict[int, Sheet] = {}
        self._packed: dict[int, bytes] = {}
        self._overnight: dict[int, Sheet] = {}  # by their second day
        self._folds: dict[int, list[Constraint]] = {}
        self._counting: dict[int, dict[str, Columns]] = {}  # of live days: what `on` found

    def put(self, source: str, readings: Iterable[Reading]) -> Put:
        """Take readings of one source: the latest published of a slot is in force, whatever the order of arrival."""
        put, by_day = Put(), defaultdict[int, list[Reading]](list)
        midnight = end = 0
        for one in readings:
            if not midnight <= one.local_start < end:  # mostly it is the day of the one before
                midnight = one.local_start - one.local_start % DAY
                end = midnight + DAY
                held = by_day[midnight]
            held.append(one)
        for midnight, held in by_day.items():
            self._put_day(source, ordinal_of(midnight), held, put)
        if put.touched:
            for day in put.touched:
                self._folds.pop(day, None)
            self._find_last(max(put.touched))
        return put

    def _put_day(self, source: str, day: int, readings: list[Reading], put: Put) -> None:
        put.days.add(day)
        row = self._packed.get(day)
        kept = self._sheet(day).setdefault(source, {})
        before, end = len(kept), day_span(day)[1]
        rest = _take_new(kept, readings, end)
        new = len(kept) - before
        if new:
            put.count(NEW, new)
            self._add_counting(source, day, before)
        changed = new > 0
        for one in rest:
            last = day + (one.local_end > end)
            put.days.add(last)
            outcome = outcome_of(one, kept.get(slot_in(kept, one)))
            put.count(outcome)
            if outcome is not NEW and outcome is not STALE:
                put.known.append((one.report, day, last, outcome))
            if outcome not in UNMOVED:
                changed = True
                self._keep(source, day, one, end, put)
        if changed:
            put.stored.add(day)
            put.touched.add(day)
        elif row is not None:
            self.pack(day, row)

    def _keep(self, source: str, day: int, one: Reading, end: int, put: Put) -> None:
        kept = self._live[day][source]
        kept[slot_in(kept, one)] = one
        self._counting.pop(day, None)
        if one.local_end > end:
            self._overnight.setdefault(day + 1, {}).setdefault(source, {})[one.start, one.end] = one
            self._counting.pop(day + 1, None)
            put.touched.add(day + 1)

    def _add_counting(self, source: str, day: int, before: int) -> None:
        """New readings of a day join those that were found to count: all after so many, none of them out of the way."""
        counting = self._counting.get(day)
        if counting is None:
            return
        more = Columns.of(list(self._live[day][source].values())[before:])
        if source in counting and more.all_count:
            counting[source].extend(more)
        else:
            del self._counting[day]

    def _find_last(self, newest: int) -> None:
        """Keep the last day with a counting reading, after days up to `newest` changed."""
        if self.last is None or newest >= self.last:
            if self._is_counted(newest):
                self.last = newest
            else:
                days = self._live.keys() | self._packed.keys() | self._overnight.keys()
                self.last = next((day for day in sorted(days, reverse=True) if self._is_counted(day)), None)

    def _is_counted(self, day: int) -> bool:
        """Whether any reading of a day counts."""
        return any(one.best is not None and one.grade in WEIGHT for one in self._touching(day))

    def withdrew(self, day: int) -> bool:
        """Whether any reading of a day was withdrawn."""
        return any(one.best is None for one in self._touching(day))

    def _touching(self, day: int) -> Iterator[Reading]:
        for sheet in (self.begun(day), self._overnight.get(day, {})):
            for held in sheet.values():
                yield from held.values()

    def _sheet(self, day: int) -> Sheet:
        row = self._packed.pop(day, None)
        if row is not None:
            self._live[day] = self._unpacked(row)
        return self._live.setdefault(day, {})

    def pack(self, day: int, row: bytes) -> None:
        """Keep the readings of a day only as the row they are stored in, until one of them moves."""
        if self._live.pop(day, None) is not None:
            self._packed[day] = row
            self._counting.pop(day, None)

    def _unpacked(self, row: bytes) -> Sheet:
        return {source: held_of(readings) for key, source, readings in decode_row(row) if key == self.key}

    @property
    def days(self) -> list[int]:
        """The days on which readings begin."""
        return sorted(self._live.keys() | self._packed.keys())

    def begun(self, day: int) -> Sheet:
        """The readings that begin on a day."""
        row = self._packed.get(day)
        return self._live.get(day, {}) if row is None else self._unpacked(row)

    def on(self, day: int) -> dict[str, Columns]:
        """The counting readings of a day by source; of one that runs over midnight, the share that lies on the day."""
        found = self._counting.get(day)
        if found is None:
            found = self._found(day)
            if day in self._live:
                self._counting[day] = found
        return found

    def _found(self, day: int) -> dict[str, Columns]:
        into, beyond = self._overnight.get(day, {}), self._overnight.get(day + 1, {})
        readings = {source: list(held.values()) for source, held in self.begun(day).items()}
        for source, held in into.items():
            readings.setdefault(source, []).extend(held.values())
        found: dict[str, Columns] = {}
        for source, every in readings.items():
            columns = Columns.of(every)
            if source not in into and source not in beyond and columns.all_count:
                found[source] = columns
                continue
            start, end = day_span(day)
            counting = [clipped(one, start, end) for one in every if one.best is not None and one.grade in WEIGHT]
            if counting:
                found[source] = Columns.of(counting)
        return found

    def folded(self, day: int) -> list[Constraint]:
        """The counting readings of a day, one constraint a source, by source."""
        if self.last is None and not self._live and not self._packed:
            return []
        folds = self._folds.get(day)
        if folds is None:
            folds = self._folds[day] = [fold(source, day, held) for source, held in sorted(self.on(day).items())]
        return folds

    def number(self, day: int) -> int:
        """How many reports are behind a day."""
        return len(set().union(*[held.reports for held in self.on(day).values()])) if self.last is not None else 0

    def cites(self, day: int) -> Cites:
        """The reports behind a day, newest first."""
        if self.last is None:
            return NOTHING
        newest: list[tuple[int, str]] = []
        for held in self.on(day).values():
            newest += zip(held.published, held.reports, strict=True)
        newest.sort(reverse=True)
        reports = tuple(dict.fromkeys([report for _, report in newest]))
        return Cites((), reports[:CITED_COUNTS], len(reports))

    def reports_of(self, one: Constraint) -> tuple[str, ...]:
        """The ids of the reports that one of this series' constraints stands for."""
        if one.reports:
            return one.reports
        day = ordinal_of(one.start)
        return folded_reports(self.on(day)[str(one.trust[3])])


def _take_new(kept: Held, readings: Iterable[Reading], end: int) -> list[Reading]:
    """Keep those that are new, neither withdrawn nor over midnight (`end`); returns those that need a closer look."""
    rest: list[Reading] = []
    for one in readings:
        if one.best is None or one.local_end > end:
            rest.append(one)
        elif one.start not in kept:
            kept[one.start] = one
        elif (slot := slot_in(kept, one)) not in kept:
            kept[slot] = one
        else:
            rest.append(one)
    return rest


def slot_in(kept: Held, one: Reading) -> Slot:
    """Where a reading is kept, or would be."""
    first = kept.get(one.start)
    return one.start if first is None or first.end == one.end else (one.start, one.end)


def held_of(readings: list[Reading]) -> Held:
    """Readings by slot, in their order."""
    held: Held = {one.start: one for one in readings}
    if len(held) < len(readings):
        held = {}
        for one in readings:
            held[slot_in(held, one)] = one
    return held
