from __future__ import annotations

import asyncio

import pytest

from bordertally.agents.kafka import turns
from bordertally.agents.kafka.turns import TURN_S, Turns


async def test_other_tasks_get_a_turn_when_one_has_worked_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    now, seen = 100.0, list[float]()
    monkeypatch.setattr(turns, "time", type("Clock", (), {"monotonic": staticmethod(lambda: now)}))
    mine = Turns()

    async def other() -> None:
        seen.append(now)

    task = asyncio.create_task(other())
    now += TURN_S / 2
    await mine.give()
    assert seen == []
    now += TURN_S / 2
    await mine.give()
    assert seen == [now]
    assert task.done()
