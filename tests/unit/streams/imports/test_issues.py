from __future__ import annotations

import pytest

from bordertally.streams.imports import issues
from bordertally.streams.imports.issues import Issues

PLACE = ("in.xlsx", "May")


def test_equal_issues_are_one_with_its_first_rows() -> None:
    found = Issues()
    for row in range(5, 12):
        found.add(PLACE, [row], "Gate", "Total", "drop it")
    found.add(PLACE, [7, 9], "Day", "", "there is no such date", 2)
    assert [str(issue) for issue in found] == [
        "in.xlsx [May], rows 5, 6, 7 and 4 more, Gate: drop it (got Total)",
        "in.xlsx [May], rows 7, 9, Day: there is no such date",
    ]
    assert (len(found), found.cells, found.unlisted) == (2, 9, 0)


def test_too_many_different_issues_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issues, "MOST_ISSUES", 2)
    found = Issues()
    for row in range(1, 6):
        found.add(PLACE, [row], "In", str(row), "bad")
    assert (len(found), found.cells, found.unlisted) == (2, 5, 3)
