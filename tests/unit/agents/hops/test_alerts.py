from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bordertally.agents.hops.alerts import FlowAlerts


@pytest.mark.parametrize(
    ("offset", "written", "past"),
    [
        (8, 990.0, False),  # a later state
        (7, 900.0, True),  # the one it is about, delivered again
        (3, 800.0, True),  # one before
        (0, 950.0, False),  # the first of a topic that was made anew
    ],
)
def test_states_of_the_past_are_known_by_offset_and_time(offset: int, written: float, past: bool) -> None:
    record: Any = SimpleNamespace(offset=offset, timestamp=written * 1000)
    assert FlowAlerts([], 7, 900.0).covers(record) is past
    assert FlowAlerts().covers(record) is False
