"""How long a worker waits that ends in the same way again and again."""

from __future__ import annotations

from pathlib import Path

import pytest

from bordertally.agents.worker.holding import LONG_S, Failure, Failures


@pytest.mark.parametrize(("times", "wait"), [(1, 0.0), (2, 2.0), (3, 4.0), (4, 8.0), (7, 60.0), (30, 60.0)])
def test_the_wait_doubles_up_to_a_minute(times: int, wait: float) -> None:
    assert Failure("x", times, at=100.0).wait_s == wait


def test_a_clock_put_right_makes_a_wait_no_longer() -> None:
    failure = Failure("x", 3, at=7_300.0)
    assert failure.left_s(7_301.0) == 3.0
    assert failure.left_s(7_305.0) == 0.0
    assert failure.left_s(100.0) == 4.0  # it was noted with a clock two hours ahead


def test_the_same_reason_counts_on_and_another_one_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "failures.json"
    assert Failures(path).last() is None
    for reason, times in (("poison", 1), ("poison", 2), ("poison", 3), ("no disk", 1)):
        Failures(path).note(reason)
        last = Failures(path).last()
        assert last is not None
        assert last.times == times


def test_an_end_after_a_long_run_is_a_first_one(tmp_path: Path) -> None:
    path = tmp_path / "failures.json"
    Failures(path).note("poison")
    ran = Failures(path)
    ran._began -= LONG_S + 1
    ran.note("poison")
    last = ran.last()
    assert last is not None
    assert last.times == 1


def test_a_worker_that_is_asked_to_stop_forgets(tmp_path: Path) -> None:
    failures = Failures(tmp_path / "failures.json")
    failures.note("poison")
    failures.forget()
    failures.forget()
    assert failures.last() is None


def test_a_link_in_the_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("kept")
    path = tmp_path / "failures.json"
    path.symlink_to(other)
    Failures(path).note("poison")
    assert other.read_text() == "kept"
