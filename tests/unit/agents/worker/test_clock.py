"""The clock of a machine beside the broker's."""

from __future__ import annotations

import pytest

from bordertally.agents.worker.clock import ahead_s, clock_fault


@pytest.mark.parametrize(
    ("before", "stamped", "after", "ahead"),
    [
        (100.0, 100.2, 100.5, 0.0),  # between: nothing is known to differ
        (7_300.0, 100.0, 7_301.0, 7_200.0),
        (100.0, 400.5, 100.5, -300.0),
    ],
)
def test_the_difference_is_what_is_sure(before: float, stamped: float, after: float, ahead: float) -> None:
    assert ahead_s(before, stamped, after) == ahead


def test_a_clock_beyond_the_limit_is_named_with_its_direction() -> None:
    assert clock_fault(None, 300) is clock_fault(300.0, 300) is clock_fault(-300.0, 300) is None
    ahead = "clock: this machine's clock is 7,200 s ahead of the broker's; one of the two is wrong"
    assert clock_fault(7_200.0, 300) == ahead
    assert (
        clock_fault(-301.0, 300) == "clock: this machine's clock is 301 s behind the broker's; one of the two is wrong"
    )
