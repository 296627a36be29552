"""Evidence: the reports behind a figure, as many of them as are cited, and how many there are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

CITED = 100
"""At most so many report ids are cited for a figure.

Up to so many, the number of reports is exact; beyond, a report of counts on several days or flows counts for each.
"""


class Cites(NamedTuple):
    """The evidence of a day: ids of statements and of counts (newest first, capped at CITED), and how many counts."""

    statements: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    count_total: int = 0

    def plus(self, others: Iterable[Cites]) -> Cites:
        """This evidence and that of others, statements once each, still capped."""
        statements, counts, beyond = {*self.statements}, dict.fromkeys(self.counts), self.beyond
        for said, counted, total in others:
            if said:
                statements.update(said)
            if len(counts) < CITED:
                beyond += total - len(counted)
                counts.update(dict.fromkeys(counted))
            else:
                beyond += total
        beyond += max(0, len(counts) - CITED)
        cited = tuple(counts)[:CITED]
        return Cites(tuple(sorted(statements)), cited, len(cited) + beyond)

    @property
    def beyond(self) -> int:
        """How many counts are not cited."""
        return self.count_total - len(self.counts)

    @property
    def reports(self) -> tuple[list[str], int]:
        """At most CITED report ids, statements first, and how many reports there are."""
        cited = list(dict.fromkeys([*self.statements, *self.counts])) if self.statements else list(self.counts)
        return cited[:CITED], len(cited) + self.beyond


NOTHING = Cites()
