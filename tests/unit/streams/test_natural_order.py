from __future__ import annotations

from bordertally.streams.natural_order import natural


def test_ids_sort_as_a_person_sorts_them() -> None:
    ordered = ["9", "10", "a-2-9", "a-2-10", "a-010", "a-10", "daily", "daily-9", "daily-9b", "daily-10"]
    assert sorted(set(ordered), key=natural) == ordered
