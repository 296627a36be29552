from __future__ import annotations

from bordertally.agents.terminal.evidence import _STYLES
from bordertally.streams.evidence.roles import Role


def test_every_role_has_a_style() -> None:
    assert set(_STYLES) == set(Role)
