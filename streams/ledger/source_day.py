"""The readings of one source that begin on one day: the reading in force in each slot."""

from __future__ import annotations

from collections.abc import Sequence

from bordertally.streams.reports.readings import NO_READINGS, Columns, Reading

Slot = int | tuple[int, int]
"""The start of a reading; start and end when another reading has the same start.

Nearly always the slot is a plain int, which needs no memory of its own and no work of the garbage collector.
"""


class SourceDay:
    """Readings in order of arrival, and the index of each slot's reading."""

    __slots__ = ("_places", "columns")

    def __init__(self, columns: Columns = NO_READINGS) -> None:
        self.columns = columns
        self._places = _numbered(columns, 0)
        if len(self._places) < len(columns):
            self._places = {}
            for place, (start, end) in enumerate(zip(columns.starts, columns.ends, strict=True)):
                self._places[self._slot(start, end)] = place

    def add_new(self, more: Columns, end: int) -> Columns:
        """Add the readings of free slots that are neither withdrawn nor run over `end`, the midnight of the day.

        Return the other readings, which the caller must compare with those in force.
        """
        places, before = self._places, len(self.columns)
        fresh, rest = _numbered(more, before), NO_READINGS
        as_usual = max(more.local_ends) <= end and not more.any_withdrawn
        if not (as_usual and len(fresh) == len(more) and places.keys().isdisjoint(fresh)):
            new = self._are_new(more, end)
            rest, more = more.picked([not is_new for is_new in new]), more.picked(new)
            fresh = _numbered(more, before)
        places.update(fresh)
        self.columns = self.columns.plus(more)
        return rest

    def _are_new(self, more: Columns, end: int) -> Sequence[bool]:
        flags: list[bool] = []
        seen: set[int] = set()
        for start, local_end, best in zip(more.starts, more.local_ends, more.bests, strict=True):
            new = best is not None and local_end <= end and start not in seen and start not in self._places
            if new:
                seen.add(start)
            flags.append(new)
        return flags

    def of_slot(self, reading: Reading) -> Reading | None:
        """Return the reading in force in the slot of `reading`; None for a free slot."""
        place = self._places.get(self._slot(reading.start, reading.end))
        return None if place is None else self.columns.cut(place, place + 1).readings()[0]

    def replace(self, reading: Reading) -> None:
        """Put a reading in force in its slot, in place of any earlier one."""
        slot, new = self._slot(reading.start, reading.end), Columns.of([reading])
        place = self._places.setdefault(slot, len(self.columns))
        self.columns = self.columns.cut(0, place).plus(new).plus(self.columns.cut(place + 1, len(self.columns)))

    def _slot(self, start: int, end: int) -> Slot:
        """Return the slot of a reading with this start and end."""
        first = self._places.get(start)
        return start if first is None or self.columns.ends[first] == end else (start, end)


def _numbered(columns: Columns, first: int) -> dict[Slot, int]:
    """Return the index of each reading by its start, counting from `first`; readings with one start share an entry."""
    return dict(zip(columns.starts, range(first, first + len(columns)), strict=True))
