"""Issues: what could not be read in a file, each with sheet, rows, column, value and what to do; equal ones are one."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from bordertally.streams.errors import shown

MOST_ROWS = 3
"""Rows that one issue names; the others are counted."""

MOST_ISSUES = 10_000
"""Different issues that are kept; the cells of further ones are counted."""


class Issue(Struct):
    """What is wrong with `cells` cells: the first rows of them, the column, the value, and what to do."""

    file: str
    sheet: str
    column: str
    value: str
    why: str
    rows: list[int]
    cells: int = 0

    def __str__(self) -> str:
        more = self.cells - len(self.rows) if len(self.rows) == MOST_ROWS else 0
        rows = ", ".join(str(row) for row in self.rows) + (f" and {more:,} more" if more > 0 else "")
        place = f"{self.file}{f' [{self.sheet}]' if self.sheet else ''}"
        at = f", row{'s' if len(self.rows) > 1 else ''} {rows}" if self.rows else ""
        return f"{place}{at}, {self.column}: {self.why}" + (f" (got {shown(self.value)})" if self.value else "")


class Issues:
    """All issues of an import, and how many cells they are about."""

    def __init__(self) -> None:
        self._issues: dict[tuple[str, str, str, str, str], Issue] = {}
        self.cells = 0
        self.unlisted = 0
        """Cells whose issue is not kept, as there are too many."""

    def add(self, place: tuple[str, str], rows: list[int], column: str, value: str, why: str, cells: int = 1) -> None:  # noqa: PLR0913, PLR0917 - what an issue names
        """Count an issue about `cells` cells. `place`: file and sheet."""
        self.cells += cells
        key = (*place, column, value, why)
        issue = self._issues.get(key)
        if issue is None:
            if len(self._issues) >= MOST_ISSUES:
                self.unlisted += cells
                return
            issue = self._issues[key] = Issue(*place, column, value, why, [])
        issue.cells += cells
        for row in rows:
            if len(issue.rows) < MOST_ROWS and row not in issue.rows:
                issue.rows.append(row)

    def __iter__(self) -> Iterator[Issue]:
        return iter(self._issues.values())

    def __len__(self) -> int:
        return len(self._issues)
