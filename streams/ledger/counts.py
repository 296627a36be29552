"""The readings of one series, by day: live where they still move, packed as they are stored where they do not."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from bordertally.streams.ledger.citations import CITED_COUNTS, NOTHING, Cites
from bordertally.streams.ledger.rows import PEOPLE, Key, decode_row
from bordertally.streams.ledger.source_day import SourceDay
from bordertally.streams.ledger.versions import UNMOVED, Outcome, outcome_of
from bordertally.streams.periods import ordinal_of
from bordertally.streams.reconciliation.constraints import Constraint, day_span
from bordertally.streams.reconciliation.folding import clipped, fold, folded_reports
from bordertally.streams.reports.readings import NO_READINGS, Columns, Reading
from bordertally.streams.reports.sources import COUNTING, counts

Sheet = dict[str, SourceDay]
"""The readings of one day by source."""

Overnight = dict[str, dict[tuple[int, int], Reading]]
"""The readings that run over midnight into a day, by source and by when they begin and end."""


NEW, STALE = Outcome.NEW, Outcome.STALE


class Added:
    """What adding readings did: the number of each outcome, the days whose rows changed and whose figures may have.

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
        self._overnight: dict[int, Overnight] = {}  # by their second day
        self._folds: dict[int, list[Constraint]] = {}
        self._counting: dict[int, dict[str, Columns]] = {}  # of live days: what `on` found

    def add(self, source: str, readings: Columns) -> Added:
        """Add readings of one source: the latest published of a slot is in force, whatever the order of arrival."""
        added = Added()
        for day, begun in readings.by_day():
            self._add_day(source, day, begun, added)
        if added.touched:
            for day in added.touched:
                self._folds.pop(day, None)
                self._counting.pop(day, None)
            self._find_last(max(added.touched))
        return added

    def _add_day(self, source: str, day: int, readings: Columns, added: Added) -> None:
        added.days.add(day)
        row = self._packed.get(day)
        kept = self._sheet(day).setdefault(source, SourceDay())
        before, end = len(kept.columns), day_span(day)[1]
        rest = kept.add_new(readings, end)
        new = len(kept.columns) - before
        if new:
            added.count(NEW, new)
        changed = new > 0
        for one in rest.readings():
            last = day + (one.local_end > end)
            added.days.add(last)
            outcome = outcome_of(one, kept.of_slot(one))
            added.count(outcome)
            if outcome is not NEW and outcome is not STALE:
                added.known.append((one.report, day, last, outcome))
            if outcome not in UNMOVED:
                changed = True
                kept.replace(one)
                if last > day:
                    self._overnight.setdefault(last, {}).setdefault(source, {})[one.start, one.end] = one
                    added.touched.add(last)
        if changed:
            added.stored.add(day)
            added.touched.add(day)
        elif row is not None:
            self.pack(day, row)

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
        begun = self.begun(day).values()
        return any(one.all_count for one in begun) or any(
            one.best is not None and counts(one.grade)
            for one in chain(*[held.readings() for held in begun], self._into(day))
        )

    def withdrew(self, day: int) -> bool:
        """Whether any reading of a day was withdrawn."""
        return any(one.any_withdrawn for one in self.begun(day).values()) or any(
            one.best is None for one in self._into(day)
        )

    def _into(self, day: int) -> Iterator[Reading]:
        """The readings that run over midnight into a day."""
        for held in self._overnight.get(day, {}).values():
            yield from held.values()

    def _sheet(self, day: int) -> Sheet:
        row = self._packed.pop(day, None)
        if row is not None:
            self._live[day] = {source: SourceDay(columns) for source, columns in self._unpacked(row).items()}
        return self._live.setdefault(day, {})

    def pack(self, day: int, row: bytes) -> None:
        """Keep the readings of a day only as the row they are stored in, until one of them moves."""
        if self._live.pop(day, None) is not None:
            self._packed[day] = row
            self._counting.pop(day, None)

    def _unpacked(self, row: bytes) -> dict[str, Columns]:
        return {source: columns for key, source, columns in decode_row(row) if key == self.key}

    @property
    def days(self) -> list[int]:
        """The days on which readings begin."""
        return sorted(self._live.keys() | self._packed.keys())

    def begun(self, day: int) -> dict[str, Columns]:
        """The readings that begin on a day, by source."""
        row = self._packed.get(day)
        if row is not None:
            return self._unpacked(row)
        return {source: held.columns for source, held in self._live.get(day, {}).items()}

    def on(self, day: int) -> dict[str, Columns]:
        """The counting readings of a day by source; of one that runs over midnight, the share that lies on the day."""
        found = self._counting.get(day)
        if found is None:
            found = self._read(day)
            if day in self._live:
                self._counting[day] = found
        return found

    def _read(self, day: int) -> dict[str, Columns]:
        into, beyond = self._overnight.get(day, {}), self._overnight.get(day + 1, {})
        begun = self.begun(day)
        found: dict[str, Columns] = {}
        for source in [*begun, *[each for each in into if each not in begun]]:
            columns = begun.get(source, NO_READINGS)
            if source not in into and source not in beyond and columns.all_count:
                found[source] = columns
                continue
            start, end = day_span(day)
            every = [*columns.readings(), *into.get(source, {}).values()]
            # COUNTING: calling `counts` takes 4 % longer here
            counting = [clipped(one, start, end) for one in every if one.best is not None and one.grade in COUNTING]
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
