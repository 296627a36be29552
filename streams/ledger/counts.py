"""The readings of one series by day: the newest days live, ready to change; older days packed in stored form."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import chain

from bordertally.streams.flows import Flow
from bordertally.streams.ledger.aliases import Doubled, by_source, doubled_on, is_renamed, side_by_side, source_of
from bordertally.streams.ledger.citations import CITED_COUNTS, NOTHING, Cites
from bordertally.streams.ledger.rows import PEOPLE, Key, decode_row
from bordertally.streams.ledger.source_day import SourceDay
from bordertally.streams.ledger.versions import UNMOVED, Outcome, outcome_of
from bordertally.streams.periods import ordinal_of
from bordertally.streams.reconciliation.constraints import Constraint, day_span
from bordertally.streams.reconciliation.folding import clipped, fold, folded_reports
from bordertally.streams.reports.claims import citation
from bordertally.streams.reports.readings import NO_READINGS, Columns, Reading
from bordertally.streams.reports.sources import COUNTING, counts

Sheet = dict[str, SourceDay]
"""The readings of one day by voice: by source, and of a place with several names by source and name."""

Overnight = dict[str, dict[tuple[int, int], Reading]]
"""The readings that run over midnight into a day, by voice and by their start and end."""


NEW, STALE = Outcome.NEW, Outcome.STALE


class Added:
    """The result of adding readings: the number of each outcome, and the days affected.

    `stored`: days whose rows changed. `touched`: days whose figures may have changed. `days`: all days of the readings,
    changed or not. `versions`: day, reading, the reading that was in force, and outcome of readings that were not
    simply new. `known`: report, first day, last day and outcome of each correction, withdrawal and duplicate.
    """

    def __init__(self) -> None:
        self.outcomes: dict[Outcome, int] = {}
        self.stored: set[int] = set()
        self.touched: set[int] = set()
        self.days: set[int] = set()
        self.known: list[tuple[str, int, int, Outcome]] = []
        self.versions: list[tuple[int, Reading, Reading | None, Outcome]] = []

    def count(self, outcome: Outcome, number: int = 1) -> None:
        """Count `number` readings with this outcome."""
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + number


class Counts:
    """The readings of one series. The fold of a day is cached until a reading of that day changes.

    `place`: the flow, where it has several names (see aliases.py).
    """

    def __init__(self, key: Key = PEOPLE, place: Flow | None = None) -> None:
        self.key = key
        self.place = place
        self.last: int | None = None
        self._live: dict[int, Sheet] = {}
        self._packed: dict[int, bytes] = {}
        self._overnight: dict[int, Overnight] = {}  # by the second day
        self._folds: dict[int, list[Constraint]] = {}
        self._counting: dict[int, dict[str, Columns]] = {}  # live days only: the results of `voices`
        self._doubled: dict[int, list[Doubled] | None] = {}  # days with readings under other names

    def add(self, voice: str, readings: Columns) -> Added:
        """Add readings of one voice. The latest published of a slot is in force, in any order of arrival."""
        added = Added()
        for day, begun in readings.by_day():
            self._add_day(voice, day, begun, added)
        if added.touched:
            for day in added.touched:
                self._folds.pop(day, None)
                self._counting.pop(day, None)
                if is_renamed(voice) or day in self._doubled:
                    self._doubled[day] = None
            self._find_last(max(added.touched))
        return added

    def _add_day(self, voice: str, day: int, readings: Columns, added: Added) -> None:
        added.days.add(day)
        row = self._packed.get(day)
        source_day = self._sheet(day).setdefault(voice, SourceDay())
        before, end = len(source_day.columns), day_span(day)[1]
        rest = source_day.add_new(readings, end)
        new = len(source_day.columns) - before
        if new:
            added.count(NEW, new)
        changed = new > 0
        for reading in rest.readings():
            last = day + (reading.local_end > end)
            added.days.add(last)
            current = source_day.of_slot(reading)
            outcome = outcome_of(reading, current)
            added.count(outcome)
            added.versions.append((day, reading, current, outcome))
            if outcome is not NEW and outcome is not STALE:
                added.known.append((reading.report, day, last, outcome))
            if outcome not in UNMOVED:
                changed = True
                source_day.replace(reading)
                if last > day:
                    overnight = self._overnight.setdefault(last, {}).setdefault(voice, {})
                    overnight[reading.start, reading.end] = reading
                    added.touched.add(last)
        if changed:
            added.stored.add(day)
            added.touched.add(day)
        elif row is not None:
            self.pack(day, row)

    def _find_last(self, newest: int) -> None:
        """Update the last day with a counting reading, after days up to `newest` changed."""
        if self.last is None or newest >= self.last:
            if self._is_counted(newest):
                self.last = newest
            else:
                days = self._live.keys() | self._packed.keys() | self._overnight.keys()
                self.last = next((day for day in sorted(days, reverse=True) if self._is_counted(day)), None)

    def _is_counted(self, day: int) -> bool:
        """Whether any reading of a day counts."""
        begun = self.begun(day).values()
        return any(columns.all_count for columns in begun) or any(
            reading.best is not None and counts(reading.grade)
            for reading in chain(*[columns.readings() for columns in begun], self._into(day))
        )

    def withdrew(self, day: int) -> bool:
        """Whether any reading of a day was withdrawn."""
        return any(columns.any_withdrawn for columns in self.begun(day).values()) or any(
            reading.best is None for reading in self._into(day)
        )

    def _into(self, day: int) -> Iterator[Reading]:
        """Yield the readings that run over midnight into a day."""
        for readings in self._overnight.get(day, {}).values():
            yield from readings.values()

    def _sheet(self, day: int) -> Sheet:
        row = self._packed.pop(day, None)
        if row is not None:
            self._live[day] = {source: SourceDay(columns) for source, columns in self._unpacked(row).items()}
        return self._live.setdefault(day, {})

    def pack(self, day: int, row: bytes) -> None:
        """Replace the readings of a day by their stored row, until one of them changes."""
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
        """Return the readings that begin on a day, by voice."""
        row = self._packed.get(day)
        if row is not None:
            return self._unpacked(row)
        return {source: source_day.columns for source, source_day in self._live.get(day, {}).items()}

    def on(self, day: int) -> dict[str, Columns]:
        """Return the counting readings of a day by source; a reading over midnight gives the day its share."""
        return self.voices(day) if self.place is None else by_source(self.voices(day))

    def _all_on(self, day: int) -> dict[str, Columns]:
        """Return the counting readings of a day by source, those of all names side by side."""
        return self.voices(day) if self.place is None else side_by_side(self.voices(day))

    def voices(self, day: int) -> dict[str, Columns]:
        """Return the counting readings of a day by voice, as `on` does by source."""
        counting = self._counting.get(day)
        if counting is None:
            counting = self._read(day)
            if day in self._live:
                self._counting[day] = counting
        return counting

    def _read(self, day: int) -> dict[str, Columns]:
        into, beyond = self._overnight.get(day, {}), self._overnight.get(day + 1, {})
        begun = self.begun(day)
        by_source: dict[str, Columns] = {}
        for source in [*begun, *[source for source in into if source not in begun]]:
            columns = begun.get(source, NO_READINGS)
            if source not in into and source not in beyond and columns.all_count:
                by_source[source] = columns
                continue
            start, end = day_span(day)
            every = [*columns.readings(), *into.get(source, {}).values()]
            # `in COUNTING` rather than `counts()`, which is 4 % slower here
            counting = [
                clipped(reading, start, end)
                for reading in every
                if reading.best is not None and reading.grade in COUNTING
            ]
            if counting:
                by_source[source] = Columns.of(counting)
        return by_source

    def has(self, day: int) -> bool:
        """Whether any reading touches a day."""
        return day in self._live or day in self._packed or day in self._overnight

    def folded(self, day: int) -> list[Constraint]:
        """Return one constraint per source for the counting readings of a day, ordered by source."""
        if self.last is None and not self._live and not self._packed:
            return []
        folds = self._folds.get(day)
        if folds is None:
            by_source = sorted(self.on(day).items())
            folds = self._folds[day] = [fold(source, day, columns) for source, columns in by_source]
        return folds

    def number(self, day: int) -> int:
        """Return the number of reports behind a day."""
        if self.last is None:
            return 0
        return sum([len(set(columns.reports)) for columns in self._all_on(day).values()])

    def cites(self, day: int) -> Cites:
        """Return the evidence of a day, newest reports first."""
        if self.last is None:
            return NOTHING
        newest: list[tuple[int, str, str]] = []
        total = 0
        for source, columns in self._all_on(day).items():
            total += len(set(columns.reports))
            newest += [(published, source, report) for report, published in _newest_reports(columns).items()]
        newest.sort(reverse=True)
        return Cites((), tuple([citation(source, report) for _, source, report in newest[:CITED_COUNTS]]), total)

    def reports_of(self, constraint: Constraint) -> tuple[str, ...]:
        """Return the reports behind one of this series' constraints, as `source/id`."""
        if constraint.reports:
            return constraint.reports
        day = ordinal_of(constraint.start)
        source = constraint.trust.source
        voices = [columns for voice, columns in self.voices(day).items() if source_of(voice) == source]
        reports = sorted({report for columns in voices for report in folded_reports(columns)})
        return tuple([citation(source, report) for report in reports])

    def doubled(self) -> Iterator[Doubled]:
        """Yield the days on which readings under several names of the place differ, so that they are added up."""
        place = self.place or Flow("")
        for day, known in sorted(self._doubled.items()):
            if known is None:
                self._doubled[day] = list(doubled_on(day, self.voices(day), place, *self.key))
            yield from self._doubled[day] or ()


def _newest_reports(columns: Columns) -> dict[str, int]:
    """Return the newest reports, at least CITED_COUNTS of them where so many exist, and when each was last published.

    To sort every reading by its id would take 0.67 ms for 1,440 readings; this takes 0.15 ms. Mostly readings come in
    the order in which they were published, one a report: then the last of them are looked at alone.
    """
    published, reports = columns.published, columns.reports
    ordered = sorted(published)
    since = ordered[max(0, len(ordered) - CITED_COUNTS)]
    if ordered == published:
        first = bisect_left(published, since)
        newest = dict(zip(reports[first:], published[first:], strict=True))
    else:
        newest = dict(sorted([one for one in zip(reports, published, strict=True) if one[1] >= since]))
    if len(newest) >= CITED_COUNTS or len(newest) == len(published):
        return newest
    return dict(sorted(zip(reports, published, strict=True)))  # one report may have several readings
