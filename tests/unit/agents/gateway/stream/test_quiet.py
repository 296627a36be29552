"""Muted alerts on the stream: which clients get the list, when it is read, and what happens without Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from redis.exceptions import ConnectionError as RedisAwayError

from bordertally.agents.gateway.stream import quiet
from bordertally.agents.gateway.stream.events import QUIET, Filter
from bordertally.agents.gateway.stream.hub import Hub
from bordertally.agents.gateway.stream.quiet import QuietAlert, Quieting, quiet_event
from bordertally.streams.alerts.records import Alert
from bordertally.streams.alerts.silences import Muted
from bordertally.streams.settings import load_settings
from unit.kit import alert_record

BY = Muted("s1", None)


class View:
    """Stands for the view in Redis; `asked` counts the reads."""

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
def test_a_client_gets_the_muted_alerts_that_pass_its_filter(wanted: Filter, ids: list[str]) -> None:
    alerts = [QuietAlert("a", "RU:KZ", 2, BY), QuietAlert("b", "RU:GE:lars", 1, BY)]
    muted = ",".join(f'"{name}":{{"silenced_by":"s1","inhibited_by":null}}' for name in ids)
    assert quiet_event(alerts, wanted) == f"event: quiet\ndata: {{{muted}}}\n\n".encode()


async def test_clients_that_join_at_once_share_one_read(monkeypatch: pytest.MonkeyPatch) -> None:
    view = View()
    quieting = Quieting(Hub(load_settings()), view.find)
    await asyncio.gather(*(quieting.refresh() for _ in range(100)))
    assert view.asked == 1
    monkeypatch.setattr(quiet, "EVERY_S", -1.0)  # as if the read were long ago
    await quieting.refresh()
    assert view.asked == 2


async def test_the_list_stays_as_it_was_while_redis_is_unavailable() -> None:
    view = View()
    quieting = Quieting(Hub(load_settings()), view.find)
    await quieting.read()
    alerts = quieting.alerts
    assert alerts == [QuietAlert("alert-RU:GE", "RU:GE", 1, BY)]
    view.away = True
    await quieting.read()
    assert quieting.alerts == alerts
