"""What clients of the stream are told of quiet alerts: whom, when, and what without Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from redis.exceptions import ConnectionError as RedisAwayError

from bordertally.agents.gateway.stream import quiet
from bordertally.agents.gateway.stream.events import QUIET, Filter
from bordertally.agents.gateway.stream.hub import Hub
from bordertally.agents.gateway.stream.quiet import QuietAlert, Quieting, said
from bordertally.streams.alerts.records import Alert
from bordertally.streams.alerts.silences import Muted
from bordertally.streams.settings import load_settings
from unit.kit import alert_record

BY = Muted("s1", None)


class View:
    """Answers as the view in Redis would; how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.away = False
        self.quiet: list[tuple[Alert, Muted]] = [(alert_record("RU:GE"), BY)]

    async def find(self) -> Sequence[tuple[Alert, Muted]]:
        self.asked += 1
        await asyncio.sleep(0)
        if self.away:
            raise RedisAwayError
        return self.quiet


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (Filter((QUIET,)), ["a", "b"]),
        (Filter((QUIET,), "RU:GE"), ["b"]),
        (Filter((QUIET,), "RU"), ["a", "b"]),
        (Filter((QUIET,), None, 2), ["a"]),
        (Filter((QUIET,), "UA"), []),
    ],
)
def test_a_client_is_told_of_what_it_asked_for(wanted: Filter, ids: list[str]) -> None:
    marks = [QuietAlert("a", "RU:KZ", 2, BY), QuietAlert("b", "RU:GE:lars", 1, BY)]
    told = ",".join(f'"{one}":{{"silenced_by":"s1","inhibited_by":null}}' for one in ids)
    assert said(marks, wanted) == f"event: quiet\ndata: {{{told}}}\n\n".encode()


async def test_many_who_come_at_once_are_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    view = View()
    one = Quieting(Hub(load_settings()), view.find)
    await asyncio.gather(*(one.refresh() for _ in range(100)))
    assert view.asked == 1
    monkeypatch.setattr(quiet, "EVERY_S", -1.0)  # as if that were long ago
    await one.refresh()
    assert view.asked == 2


async def test_while_redis_is_away_it_is_as_it_was() -> None:
    view = View()
    one = Quieting(Hub(load_settings()), view.find)
    await one.look()
    held = one.held
    assert held == [QuietAlert("alert-RU:GE", "RU:GE", 1, BY)]
    view.away = True
    await one.look()
    assert one.held == held
