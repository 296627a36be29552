"""The readings of one source that begin on one day: of each slot the one that is in force."""

from __future__ import annotations

from collections.abc import Sequence

from bordertally.streams.reports.readings import NO_READINGS, Columns, Reading

Slot = int | tuple[int, int]
"""When a reading begins, and when it ends too if another one begins with it.

Nearly always it is the number alone, which costs no memory and gives the garbage collector nothing to look at.
"""


class SourceDay:
    """Readings in the order they came in, and the place of each slot among them."""

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

        Returns the other readings, which need a closer look.
        """
        places, before = self._places, len(self.columns)
        fresh, rest = _numbered(more, before), NO_READINGS
        as_usual = max(more.local_ends) <= end and not more.any_withdrawn
        if not (as_usual and len(fresh) == len(more) and places.keys().isdisjoint(fresh)):
            new = self._are_new(more, end)
            rest, more = more.picked([not one for one in new]), more.picked(new)
            fresh = _numbered(more, before)
        places.update(fresh)
        self.columns = self.columns.plus(more)
        return rest

    def _are_new(self, more: Columns, end: int) -> Sequence[bool]:
        found: list[bool] = []
        seen: set[int] = set()
        for start, local_end, best in zip(more.starts, more.local_ends, more.bests, strict=True):
            new = best is not None and local_end <= end and start not in seen and start not in self._places
            if new:
                seen.add(start)
            found.append(new)
        return found

    def of_slot(self, one: Reading) -> Reading | None:
        """What is in force in the slot of a reading."""
        place = self._places.get(self._slot(one.start, one.end))
        return None if place is None else self.columns.cut(place, place + 1).readings()[0]

    def replace(self, one: Reading) -> None:
        """Add a reading, or replace the one that was in force in its slot."""
        slot, new = self._slot(one.start, one.end), Columns.of([one])
        place = self._places.setdefault(slot, len(self.columns))
        self.columns = self.columns.cut(0, place).plus(new).plus(self.columns.cut(place + 1, len(self.columns)))

    def _slot(self, start: int, end: int) -> Slot:
        """Where a reading is kept, or would be."""
        first = self._places.get(start)
        return start if first is None or self.columns.ends[first] == end else (start, end)


def _numbered(columns: Columns, first: int) -> dict[Slot, int]:
    """The places of readings by when they begin, the first of them at `first`; of those that begin together one."""
    return dict(zip(columns.starts, range(first, first + len(columns)), strict=True))
