"""Reading the view that delivery keeps in Redis (docs/redis.md)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

import msgspec
from redis.asyncio import Redis

from bordertally.agents.delivery.redis_keys import (
    ALERT_INDEX,
    ALERTS,
    FLOWS,
    OPEN_ALERTS,
    SOURCES,
    alert_key,
    flow_key,
)
from bordertally.agents.delivery.silence_reader import silences_in
from bordertally.agents.gateway.responses import FlowRow
from bordertally.agents.kafka.clients import redis_options
from bordertally.streams.alerts.records import Alert
from bordertally.streams.alerts.silences import Silences
from bordertally.streams.flows import Flow, parent
from bordertally.streams.moments import microseconds_in, moment_at, utc_text
from bordertally.streams.settings import Settings
from bordertally.streams.totals.records import Baseline, DayFigure, Total
from bordertally.streams.totals.windows import window_name

PAGE = 200
"""Alerts read at once while looking for those asked for."""


class StateHead(msgspec.Struct):
    """Of a state, what the answers show; the rest is passed over unread."""

    flow: str
    published: int
    totals: list[Total]
    days: list[DayFigure]
    baseline: Baseline | None
    rate: float | None
    rate_day: str | None
    comparable: bool = True

    def row(self, alert: str | None) -> FlowRow:
        """The flow at a glance, with the id of its open alert."""
        return FlowRow(
            flow=self.flow,
            parent=parent(Flow(self.flow)),
            published=utc_text(moment_at(self.published)),
            as_of=self.totals[0].as_of if self.totals else None,
            totals={window_name(one.window_days): one for one in self.totals},
            rate=self.rate,
            rate_day=self.rate_day,
            comparable=self.comparable,
            baseline=self.baseline,
            threshold=None if self.baseline is None else self.baseline.threshold,
            alert=alert,
        )


_glance = msgspec.json.Decoder(StateHead).decode
_alert = msgspec.json.Decoder(Alert).decode


def below(flow: str, above: str) -> bool:
    """Whether a flow is `above` or lies below it: RU holds RU and RU:GE, not RUS."""
    return flow == above or flow.startswith(f"{above}:")


class ServingView:
    """The newest totals and alerts. Every call raises RedisError when Redis is away."""

    def __init__(self, settings: Settings) -> None:
        self.redis: Any = Redis.from_url(  # redis-py types its answers for every encoding at once
            **redis_options(settings), socket_timeout=5, socket_connect_timeout=5, max_connections=64
        )

    async def close(self) -> None:
        """Close the connections."""
        await self.redis.aclose()

    async def silences(self) -> Silences:
        """Every silence there has been, as it is now."""
        return await silences_in(self.redis)

    async def flows(self) -> list[str]:
        """Every flow there is a state of, by path."""
        return sorted(flow.decode() for flow in await self.redis.smembers(FLOWS))

    async def states(self, flows: Sequence[str]) -> dict[str, StateHead]:
        """The states of flows; those that are not known are left out."""
        async with self.redis.pipeline(transaction=False) as pipe:
            for flow in flows:
                pipe.hget(flow_key(flow), "state")
            raws = await pipe.execute()
        return {flow: _glance(raw) for flow, raw in zip(flows, raws, strict=True) if raw is not None}

    async def open_alerts(self) -> list[Alert]:
        """Open alerts, newest first."""
        return newest_first(_alert(raw) for raw in await self.redis.hvals(OPEN_ALERTS))

    async def alerts(self, after: tuple[int, str] | None) -> AsyncIterator[Alert]:
        """The newest record of every alert, newest first, from after a place (published, id) on."""
        bound: float | str = "+inf" if after is None else after[0]
        seen = 0  # of the entries at the bound: others may come in above it meanwhile
        while True:
            page = await self.redis.zrevrangebyscore(ALERT_INDEX, bound, "-inf", start=seen, num=PAGE, withscores=True)
            wanted = [name for name, score in page if after is None or (int(score), name.decode()) < after]
            for raw in await self.redis.hmget(ALERTS, wanted) if wanted else []:
                if raw is not None:
                    yield _alert(raw)
            if len(page) < PAGE:
                return
            last = page[-1][1]
            seen = sum(score == last for _, score in page) + (seen if bound == last else 0)
            bound = last

    async def alert(self, name: str) -> tuple[Alert | None, list[Alert]]:
        """The newest record of an alert, None if there is none, and every record of it in order."""
        async with self.redis.pipeline(transaction=False) as pipe:
            pipe.hget(ALERTS, name)
            pipe.hvals(alert_key(name))
            newest, said = await pipe.execute()
        history = sorted((_alert(raw) for raw in said), key=lambda one: one.seq)
        return None if newest is None else _alert(newest), history

    async def sources(self) -> dict[str, int]:
        """By source, when its newest report was published, in microseconds since 1970 UTC."""
        held = await self.redis.hgetall(SOURCES)
        return {source.decode(): int(published) for source, published in held.items()}


def newest_first(alerts: Iterable[Alert]) -> list[Alert]:
    """In the order of their pages."""
    return sorted(alerts, key=lambda one: (microseconds_in(one.published), one.id), reverse=True)
