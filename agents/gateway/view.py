"""Reads the view that the delivery hops keep in Redis (docs/redis.md)."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, Protocol

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from bordertally.agents.delivery.redis.evidence_reader import evidence_of
from bordertally.agents.delivery.redis.keys import (
    ALERT_INDEX,
    ALERTS,
    EXACT_CLAIMS,
    FLOWS,
    OPEN_ALERTS,
    SOURCES,
    alert_key,
    flow_key,
)
from bordertally.agents.delivery.redis.reader import silences_in
from bordertally.agents.gateway.responses import FlowRow
from bordertally.agents.kafka.clients import redis_options
from bordertally.agents.runtime.unreadable import readable
from bordertally.streams.alerts.records import Alert
from bordertally.streams.alerts.silences import Silences
from bordertally.streams.evidence.records import Evidence
from bordertally.streams.flows import Flow, parent
from bordertally.streams.moments import microseconds_in, moment_at, utc_text
from bordertally.streams.reports.sources import Registry
from bordertally.streams.settings import Settings
from bordertally.streams.totals.calendar import total_of
from bordertally.streams.totals.records import Baseline, CalendarFigure, DayFigure, Total, Unlikely
from bordertally.streams.totals.windows import window_name

PAGE = 200
"""Alerts read from Redis at once while searching."""


LISTED_S = 5.0
"""Seconds for which the list of flows is kept while their number stays the same.

To read 100,000 flows takes half a second, and a list of all flows asks for them once a page.
"""

_decode_exact = msgspec.json.Decoder(dict[str, tuple[int, int]]).decode


class StateHead(msgspec.Struct):
    """The fields of a flow's state that responses show; other fields are not decoded."""

    flow: str
    published: int
    totals: list[Total]
    days: list[DayFigure]
    baseline: Baseline | None
    rate: float | None
    rate_day: str | None
    comparable: bool = True
    unlikely: list[Unlikely] = []
    calendar: list[CalendarFigure] = []

    def row(self, alert: str | None, aliases: Sequence[str] = ()) -> FlowRow:
        """Return the summary of the flow, with the id of its open alert and its other names."""
        return FlowRow(
            flow=self.flow,
            parent=parent(Flow(self.flow)),
            published=utc_text(moment_at(self.published)),
            as_of=self.totals[0].as_of if self.totals else None,
            totals={window_name(total.window_days): total for total in self.totals},
            rate=self.rate,
            rate_day=self.rate_day,
            comparable=self.comparable,
            baseline=self.baseline,
            threshold=None if self.baseline is None else self.baseline.threshold,
            alert=alert,
            unlikely=self.unlikely,
            aliases=list(aliases),
            calendar=[total_of(self.flow, figure) for figure in self.calendar],
        )


_decode_state = msgspec.json.Decoder(StateHead).decode


def _state_of(stored: tuple[str, bytes]) -> StateHead:
    flow, raw = stored
    state = _decode_state(raw)
    if state.flow != flow:
        raise ValueError(f"it is the state of {state.flow}")
    return state


_alert = msgspec.json.Decoder(Alert).decode


class ReadView(Protocol):
    """What the read routes read from: the present (ServingView) or a past moment."""

    async def silences(self) -> Silences: ...  # noqa: D102 - see ServingView

    async def flows(self) -> list[str]: ...  # noqa: D102

    async def states(self, flows: Sequence[str]) -> dict[str, StateHead]: ...  # noqa: D102

    async def has(self, flow: str) -> bool: ...  # noqa: D102

    async def open_alerts(self) -> list[Alert]: ...  # noqa: D102

    def alerts(self, after: tuple[int, str] | None) -> AsyncIterator[Alert]: ...  # noqa: D102

    async def alert(self, name: str) -> tuple[Alert | None, list[Alert]]: ...  # noqa: D102

    async def sources(self) -> dict[str, int]: ...  # noqa: D102

    async def exactness(self) -> dict[str, float]: ...  # noqa: D102

    async def evidence(  # noqa: D102
        self, registry: Registry, flow: str, first: int | None, end: int | None
    ) -> Evidence: ...


class ServingView:
    """The newest totals and alerts. Every call raises RedisError when Redis is unavailable."""

    def __init__(self, settings: Settings) -> None:
        self.redis: Any = Redis.from_url(  # redis-py's types do not tell bytes from text
            **redis_options(settings), socket_timeout=5, socket_connect_timeout=5, max_connections=64
        )
        self._listed: list[str] = []
        self._listed_number, self._listed_until = 0, 0.0

    async def close(self) -> None:
        """Close the connections."""
        await self.redis.aclose()

    async def silences(self) -> Silences:
        """Return all silences, ended ones too."""
        return await silences_in(self.redis)

    async def evidence(self, registry: Registry, flow: str, first: int | None, end: int | None) -> Evidence:
        """Return the evidence of a flow from the ordinal day `first` to `end`, exclusive."""
        return await evidence_of(self.redis, registry, flow, first, end)

    async def flows(self) -> list[str]:
        """Return every flow that has a state, ordered by path.

        The list is read again when the number of flows has changed, and otherwise after LISTED_S seconds.
        """
        number, now = await self.redis.scard(FLOWS), time.monotonic()
        if number != self._listed_number or now > self._listed_until:
            members = await self.redis.smembers(FLOWS)
            self._listed = sorted(readable(bytes.decode, {flow: flow for flow in members}, FLOWS).values())
            self._listed_number, self._listed_until = len(members), now + LISTED_S
        return self._listed

    async def states(self, flows: Sequence[str]) -> dict[str, StateHead]:
        """Return the states of flows, without the unknown flows and states that cannot be read."""
        async with self.redis.pipeline(transaction=False) as pipe:
            for flow in flows:
                pipe.hget(flow_key(flow), "state")
            raws = await pipe.execute(raise_on_error=False)
        for error in raws:
            if isinstance(error, RedisError) and not isinstance(error, ResponseError):
                raise error
        stored = {
            flow: (flow, b"" if isinstance(raw, ResponseError) else raw)
            for flow, raw in zip(flows, raws, strict=True)
            if raw is not None
        }
        return readable(_state_of, stored, "the state of")

    async def has(self, flow: str) -> bool:
        """Whether the view lists a flow, also one whose state cannot be read."""
        return bool(await self.redis.sismember(FLOWS, flow))

    async def open_alerts(self) -> list[Alert]:
        """Return the open alerts, newest first."""
        return newest_first(readable(_alert, await self.redis.hgetall(OPEN_ALERTS), OPEN_ALERTS).values())

    async def alerts(self, after: tuple[int, str] | None) -> AsyncIterator[Alert]:
        """Yield the newest record of every alert, newest first, starting after the key (published, id)."""
        bound: float | str = "+inf" if after is None else after[0]
        seen = 0  # entries with the score `bound` already read; new alerts above `bound` shift no page
        while True:
            page = await self.redis.zrevrangebyscore(ALERT_INDEX, bound, "-inf", start=seen, num=PAGE, withscores=True)
            wanted = [name for name, score in page if after is None or (int(score), name.decode()) < after]
            raws = await self.redis.hmget(ALERTS, wanted) if wanted else []
            for alert in readable(_alert, dict(zip(wanted, raws, strict=True)), ALERTS).values():
                yield alert
            if len(page) < PAGE:
                return
            last = page[-1][1]
            seen = sum(score == last for _, score in page) + (seen if bound == last else 0)
            bound = last

    async def alert(self, name: str) -> tuple[Alert | None, list[Alert]]:
        """Return the newest record of an alert (None for an unknown alert) and all its records in order of `seq`."""
        async with self.redis.pipeline(transaction=False) as pipe:
            pipe.hget(ALERTS, name)
            pipe.hgetall(alert_key(name))
            newest, records = await pipe.execute()
        history = sorted(readable(_alert, records, alert_key(name)).values(), key=lambda record: record.seq)
        return readable(_alert, {name: newest}, ALERTS).get(name), history

    async def sources(self) -> dict[str, int]:
        """Return when the newest report of each source was published, in microseconds since 1970 UTC."""
        newest = readable(int, await self.redis.hgetall(SOURCES), SOURCES)
        return {source.decode("utf-8", "replace"): published for source, published in newest.items()}

    async def exactness(self) -> dict[str, float]:
        """Return the share of exact claims among the newest claims of each source, rounded to hundredths."""
        exact: Counter[str] = Counter()
        every: Counter[str] = Counter()
        for sources in readable(_decode_exact, await self.redis.hgetall(EXACT_CLAIMS), EXACT_CLAIMS).values():
            for source, (some, number) in sources.items():
                exact[source] += some
                every[source] += number
        return {source: round(exact[source] / number, 2) for source, number in every.items()}


def newest_first(alerts: Iterable[Alert]) -> list[Alert]:
    """Return alerts in the order in which pages list them."""
    return sorted(alerts, key=lambda alert: (microseconds_in(alert.published), alert.id), reverse=True)
