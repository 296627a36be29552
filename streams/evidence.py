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


NOTHING = Cites()


class Gathered:
    """Evidence of several flows or days in the making: statements once each, counts in the order they are added."""

    def __init__(self) -> None:
        self._statements: set[str] = set()
        self._counts: dict[str, None] = {}
        self._beyond = 0

    def add(self, cites: Cites) -> None:
        """Take some more."""
        said, counted, total = cites
        if said:
            self._statements.update(said)
        if len(self._counts) < CITED:
            self._beyond += total - len(counted)
            self._counts.update(dict.fromkeys(counted))
        else:
            self._beyond += total

    def cites(self) -> Cites:
        """All of it, capped again."""
        cited = tuple(self._counts)[:CITED]
        return Cites(tuple(sorted(self._statements)), cited, len(self._counts) + self._beyond)

    def reports(self) -> tuple[list[str], int]:
        """At most CITED report ids, statements first, and how many reports there are."""
        beyond = self._beyond + max(0, len(self._counts) - CITED)
        counts = list(self._counts)[:CITED]
        cited = list(dict.fromkeys([*sorted(self._statements), *counts])) if self._statements else counts
        return cited[:CITED], len(cited) + beyond


def gathered(cites: Iterable[Cites]) -> Gathered:
    """Some evidence, added up in this order."""
    found = Gathered()
    for one in cites:
        found.add(one)
    return found
