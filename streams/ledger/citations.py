"""Citations: the reports behind a figure as `source/id`, up to a limit, and the number of all reports."""

from __future__ import annotations

from typing import NamedTuple

CITED = 100
"""The most report ids cited for a figure."""

CITED_COUNTS = 20
"""The most ids of counts among them, the newest: one count of hundreds says little.

Up to this limit the number of reports is exact; above it, a report with counts on several days or flows is counted
once for each.
"""


class Cites(NamedTuple):
    """The evidence of a day: ids of statements, ids of the newest CITED_COUNTS counts, and the number of counts."""

    statements: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    count_total: int = 0

    @property
    def is_short(self) -> bool:
        """Whether the ids of counts are left out."""
        return self.count_total > 0 and not self.counts


NOTHING = Cites()


class Gathered:
    """Collects evidence of several flows or days: statements without duplicates, counts in the order added.

    `full`: the ids of further counts are not cited.
    """

    def __init__(self, *, full: bool = False) -> None:
        self.full = full
        self._statements: set[str] = set()
        self._counts: dict[str, None] = {}
        self._beyond = 0
        self._added = 0
        self._cited: list[str] | None = None

    def add(self, cites: Cites) -> None:
        """Add the evidence of a flow and day."""
        statements, counted, total = cites
        self._added += total
        if statements:
            self._statements.update(statements)
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
        """Add evidence from `row`; False, adding nothing, when a count is in both: add its pieces one by one then."""
        disjoint = self._counts.keys().isdisjoint(cites.counts)
        if disjoint:
            self.add(cites)
        return disjoint

    def beyond(self, counts: int) -> None:
        """Add a number of counts whose ids are not cited."""
        self._added += counts
        self._beyond += counts

    def row(self) -> Cites | None:
        """Return all evidence with every id collected, to be added to other evidence at once (see `add_row`).

        Adding the row equals adding its pieces as long as no count is in two pieces; None when a count is.
        """
        total = len(self._counts) + self._beyond
        return Cites(tuple(sorted(self._statements)), tuple(self._counts), total) if total == self._added else None

    def cites(self) -> Cites:
        """Return all evidence, with at most CITED_COUNTS ids of counts."""
        cited = tuple(self._counts)[:CITED_COUNTS]
        return Cites(tuple(sorted(self._statements)), cited, len(self._counts) + self._beyond)

    def reports(self) -> tuple[list[str], int]:
        """Return at most CITED report ids, statements first, and the number of all reports."""
        beyond = self._beyond + max(0, len(self._counts) - CITED_COUNTS)
        if self._cited is None:
            counts = list(self._counts)[:CITED_COUNTS]
            self._cited = list(dict.fromkeys([*sorted(self._statements), *counts])) if self._statements else counts
        return self._cited[:CITED], len(self._cited) + beyond
