from __future__ import annotations

from bordertally.agents.terminal.totals import _COLOURS, _MARKS
from bordertally.streams.alerts.records import AlertState
from bordertally.streams.rules.config import SEVERITIES


def test_every_state_has_a_mark_and_every_severity_a_colour() -> None:
    assert set(_MARKS) == set(AlertState)
    assert len(set(_MARKS.values())) == len(AlertState)
    assert set(_COLOURS) == set(SEVERITIES)
