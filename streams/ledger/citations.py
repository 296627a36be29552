"""Evidence: the reports behind a figure, as many of them as are cited, and how many there are."""

from __future__ import annotations

from typing import NamedTuple

CITED = 100
"""At most so many report ids are cited for a figure."""

CITED_COUNTS = 20
"""At most so many of them are ids of counts, the newest: one count of hundreds says little.

Up to so many, the number of reports is exact; beyond, a report of counts on several days or flows counts for each.
"""


class Cites(NamedTuple):
    """The evidence of a day: ids of statements, of the newest CITED_COUNTS counts, and how many counts there are."""

    statements: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    count_total: int = 0

    @property
    def is_short(self) -> bool:
        """Whether ids of counts are left out."""
        return self.count_total > 0 and not self.counts


NOTHING = Cites()


class Gathered:
    """Evidence of several flows or days in the making: statements once each, counts in the order they are added.

    `full`: the ids of further counts are not cited any more.
    """

    def __init__(self, *, full: bool = False) -> None:
        self.full = full
        self._statements: set[str] = set()
        self._counts: dict[str, None] = {}
        self._beyond = 0
        self._added = 0
        self._cited: list[str] | None = None

    def add(self, cites: Cites) -> None:
        """Take some more."""
        said, counted, total = cites
        self._added += total
        if said:
            self._statements.update(said)
            self._cited = None
        if self.full:
            self._beyond += total
            return
        self._cited = None
        self._beyond += total - len(counted)
        fresh = dict.fromkeys(counted)
        if self._counts:
            self._counts.update(fresh)
        else:
            self._counts = fresh
        self.full = len(self._counts) >= CITED_COUNTS

    def add_row(self, cites: Cites) -> bool:
        """Take some more that was gathered as a `row`; False where it has to be added piece by piece."""
        apart = self._counts.keys().isdisjoint(cites.counts)
        if apart:
            self.add(cites)
        return apart

    def beyond(self, counts: int) -> None:
        """So many more counts, whose ids are not cited any more."""
        self._added += counts
        self._beyond += counts

    def row(self) -> Cites | None:
        """All of it with every id that is held, to be added to other evidence at once: see `add_row`.

        It comes to what its pieces come to as long as no count is in two of them. None where one is in two of these.
        """
        total = len(self._counts) + self._beyond
        return Cites(tuple(sorted(self._statements)), tuple(self._counts), total) if total == self._added else None

    def cites(self) -> Cites:
        """All of it, capped again."""
        cited = tuple(self._counts)[:CITED_COUNTS]
        return Cites(tuple(sorted(self._statements)), cited, len(self._counts) + self._beyond)

    def reports(self) -> tuple[list[str], int]:
        """At most CITED report ids, statements first, and how many reports there are."""
        beyond = self._beyond + max(0, len(self._counts) - CITED_COUNTS)
        if self._cited is None:
            counts = list(self._counts)[:CITED_COUNTS]
            self._cited = list(dict.fromkeys([*sorted(self._statements), *counts])) if self._statements else counts
        return self._cited[:CITED], len(self._cited) + beyond
