"""A gateway in the process of the test: Redis is a dict, Kafka is not there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Self

import msgspec
from aiohttp.test_utils import TestClient, TestServer
from redis.exceptions import ConnectionError as AwayError

from bordertally.agents.delivery.redis.keys import (
    ALERT_INDEX,
    ALERTS,
    FLOWS,
    OPEN_ALERTS,
    SILENCES,
    SOURCES,
    alert_key,
    flow_key,
)
from bordertally.agents.gateway.app import create_gateway
from bordertally.agents.gateway.view import ServingView
from bordertally.streams.alerts.records import Alert
from bordertally.streams.alerts.silences import Silence
from bordertally.streams.moments import microseconds_in
from bordertally.streams.settings import load_settings
from unit.kit import Told

NOWHERE = "127.0.0.1:1"
"""No broker and no Redis listens here."""


class Pipeline:
    """Commands that are answered together."""

    def __init__(self, redis: Shelf) -> None:
        self.redis, self.commands = redis, list[tuple[str, tuple[Any, ...]]]()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    def __getattr__(self, command: str) -> Any:
        return lambda *arguments: self.commands.append((command, arguments))

    async def execute(self, *, raise_on_error: bool = True) -> list[Any]:
        assert raise_on_error in {True, False}
        return [await getattr(self.redis, command)(*arguments) for command, arguments in self.commands]


class Shelf:
    """The part of Redis that the gateway reads, in memory. `away`: it does not answer."""

    def __init__(self) -> None:
        self.sets: dict[str, set[bytes]] = {}
        self.hashes: dict[str, dict[bytes, bytes]] = {}
        self.scores: dict[str, dict[bytes, float]] = {}
        self.away = False

    def pipeline(self, *, transaction: bool) -> Pipeline:
        assert not transaction
        return Pipeline(self)

    def _hash(self, key: str) -> dict[bytes, bytes]:
        if self.away:
            raise AwayError("connection refused")
        return self.hashes.get(key, {})

    async def smembers(self, key: str) -> set[bytes]:
        self._hash(key)
        return self.sets.get(key, set())

    async def scard(self, key: str) -> int:
        return len(await self.smembers(key))

    async def sismember(self, key: str, member: str) -> bool:
        return member.encode() in await self.smembers(key)

    async def hget(self, key: str, field: str) -> bytes | None:
        return self._hash(key).get(field.encode())

    async def hmget(self, key: str, fields: Iterable[Any]) -> list[bytes | None]:
        names = [field if isinstance(field, bytes) else str(field).encode() for field in fields]
        return [self._hash(key).get(name) for name in names]

    async def hgetall(self, key: str) -> dict[bytes, bytes]:
        return dict(self._hash(key))

    async def hvals(self, key: str) -> list[bytes]:
        return list(self._hash(key).values())

    async def hkeys(self, key: str) -> list[bytes]:
        return list(self._hash(key))

    async def zrevrangebyscore(
        self, key: str, highest: float | str, lowest: str, *, start: int, num: int, withscores: bool
    ) -> list[tuple[bytes, float]]:
        assert (lowest, withscores) == ("-inf", True)
        entries = sorted(((score, name) for name, score in self.scores.get(key, {}).items()), reverse=True)
        return [(name, score) for score, name in entries if score <= float(highest)][start : start + num]

    def register_script(self, _: str) -> Any:
        """Scripts limit the rate of who posts: nobody is held up here."""

        async def allow(**_: object) -> int:
            return 0

        return allow

    async def aclose(self) -> None:
        return None

    # --- what delivery would have written ------------------------------------------------------------------------

    def show(self, replayed: Told) -> None:
        """The states and alerts that reports came to."""
        for flow, state in replayed.desk.states.items():
            self.sets.setdefault(FLOWS, set()).add(flow.encode())
            self.hashes[flow_key(flow)] = {b"state": msgspec.json.encode(state)}
        for alert in replayed.desk.log:
            self.alert(alert)

    def alert(self, alert: Alert) -> None:
        name, raw = alert.id.encode(), msgspec.json.encode(alert)
        self.hashes.setdefault(ALERTS, {})[name] = raw
        self.hashes.setdefault(alert_key(alert.id), {})[str(alert.seq).encode()] = raw
        self.scores.setdefault(ALERT_INDEX, {})[name] = microseconds_in(alert.published)
        if alert.state.is_open:
            self.hashes.setdefault(OPEN_ALERTS, {})[name] = raw
        else:
            self.hashes.get(OPEN_ALERTS, {}).pop(name, None)

    def silence(self, silence: Silence) -> None:
        self.hashes.setdefault(SILENCES, {})[silence.id.encode()] = msgspec.json.encode(silence)

    def heard(self, **published: int) -> None:
        self.hashes[SOURCES] = {source.encode(): b"%d" % at for source, at in published.items()}


def on_shelf(monkeypatch: Any, shelf: Shelf) -> None:
    """Let gateways read a shelf from now on."""
    opened = ServingView.__init__

    def open_shelf(view: ServingView, given: Any) -> None:
        opened(view, given)
        view.redis = shelf

    monkeypatch.setattr(ServingView, "__init__", open_shelf)


@asynccontextmanager
async def gateway(shelf: Shelf, monkeypatch: Any, **settings: Any) -> AsyncIterator[TestClient[Any, Any]]:
    """A client of a gateway that reads a shelf."""
    on_shelf(monkeypatch, shelf)
    app = create_gateway(load_settings(brokers=NOWHERE, **settings))
    async with TestClient(TestServer(app)) as client:
        yield client
