from __future__ import annotations

from bordertally.streams.imports.series import added, middle


def test_a_range_counts_by_its_middle() -> None:
    assert middle((0, 4)) == 2
    assert middle((1, 4)) == 2.5
    assert middle(7) == 7


def test_people_and_ranges_are_added_end_by_end() -> None:
    assert added(3, 4) == 7
    assert added(3, (0, 4)) == (3, 7)
    assert added((1, 2), (0, 4)) == (1, 6)
