"""What the gateway answers out of the view in Redis, and out of the registry."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterable
from datetime import UTC, datetime

from bordertally.agents.delivery.evidence_reader import evidence_of
from bordertally.agents.gateway.parameters import AskAlerts, AskDays, AskEvidence, AskFlows, AskPlain, AskTotals
from bordertally.agents.gateway.problems import ProblemError, bad
from bordertally.agents.gateway.responses import (
    AlertDetail,
    AlertList,
    DayList,
    FlowList,
    SourceList,
    SourceRow,
    TotalList,
)
from bordertally.agents.gateway.stream.events import RANK
from bordertally.agents.gateway.view import ServingView, StateHead, below, newest_first
from bordertally.streams.alerts.records import Alert
from bordertally.streams.alerts.silences import Muted, muted_alerts
from bordertally.streams.evidence.records import Evidence
from bordertally.streams.moments import MICRO, microseconds_in, moment_at, utc_text
from bordertally.streams.periods import ordinal_day
from bordertally.streams.reports.sources import Registry
from bordertally.streams.rules.config import Rules
from bordertally.streams.totals.windows import window_name


class Routes:
    """One method a route: a question in, an answer out."""

    def __init__(self, view: ServingView, registry: Registry, rules: Rules) -> None:
        self.view, self.rules = view, rules
        self.renew(registry)

    def renew(self, registry: Registry) -> None:
        """Answer out of this registry from now on."""
        self.registry = registry

    async def flows(self, asked: AskFlows) -> FlowList:
        """Every flow, or those at or below some, at a glance."""
        names = [name for name in await self.view.flows() if not asked.flow or any(below(name, f) for f in asked.flow)]
        states = await self.view.states(names)
        alerts = {alert.flow: alert.id for alert in reversed(await self.view.open_alerts())}
        return FlowList([state.row(alerts.get(name)) for name, state in states.items()])

    async def totals(self, asked: AskTotals) -> TotalList:
        """Totals of flows in every window, or in one."""
        states = await self._states(asked.flow or await self.view.flows())
        totals = [total for state in states for total in state.totals]
        return TotalList([one for one in totals if asked.window in (None, window_name(one.window_days))])

    async def days(self, asked: AskDays) -> DayList:
        """The latest days of flows, as many as the longest window has, a day at a time."""
        first = "" if asked.from_ is None else asked.from_.isoformat()
        last = "9" if asked.to is None else asked.to.isoformat()
        states = await self._states(asked.flow)
        days = [day for state in states for day in state.days if first <= day.day < last]
        return DayList(asked.flow[0] if len(asked.flow) == 1 else None, days)

    async def alerts(self, asked: AskAlerts) -> AlertList:
        """Alerts, newest first: the open ones, or all there have been, in pages."""
        rank = 0 if asked.severity is None else RANK[asked.severity]
        after = None if asked.after is None else read_cursor(asked.after)
        found: list[Alert] = []

        def wanted(alert: Alert) -> bool:
            return RANK[alert.severity] >= rank and (asked.flow is None or below(alert.flow, asked.flow))

        if asked.state == "open":
            some = [one for one in await self.view.open_alerts() if after is None or place(one) < after]
            found = [one for one in some if wanted(one)][: asked.limit + 1]
        else:
            async for alert in self.view.alerts(after):
                if wanted(alert):
                    found.append(alert)
                    if len(found) > asked.limit:
                        break
        page = newest_first(found[: asked.limit])
        return AlertList(page, write_cursor(page[-1]) if len(found) > asked.limit else None, await self._quiet(page))

    async def alert(self, name: str) -> AlertDetail:
        """One alert with all that was said about it."""
        newest, history = await self.view.alert(name)
        if newest is None:
            raise ProblemError(404, f"there is no alert {name}", field="id", value=name)
        first, last = (ordinal_day(day) for day in (newest.since, newest.day))
        quiet = (await self._quiet([newest])).get(newest.id)
        return AlertDetail(newest, history, await self._trace(newest.flow, first, last + 1), quiet)

    async def _quiet(self, alerts: Iterable[Alert]) -> dict[str, Muted]:
        """Those of some alerts that are open and that nobody is told of now, and why."""
        some = [one for one in alerts if one.state.is_open]
        if not some:
            return {}
        silences = await self.view.silences()
        above = await self.view.open_alerts() if self.rules.inhibits else []
        return muted_alerts(some, silences.by_id.values(), datetime.now(UTC), above, rules=self.rules)

    async def all_quiet(self) -> list[tuple[Alert, Muted]]:
        """Every open alert that nobody is told of now, with the reason, by id."""
        silences, now = await self.view.silences(), datetime.now(UTC)
        if not (silences.active(now) or self.rules.inhibits):
            return []
        alerts = await self.view.open_alerts()
        found = muted_alerts(alerts, silences.by_id.values(), now, alerts, rules=self.rules)
        return [(one, found[one.id]) for one in sorted(alerts, key=lambda one: one.id) if one.id in found]

    async def evidence(self, asked: AskEvidence) -> Evidence:
        """What stands behind the people on a flow: the claims and reports, and the part each plays."""
        first, end = (None if day is None else day.toordinal() for day in (asked.from_, asked.to))
        if first is not None and end is not None and end <= first:
            raise bad("to", str(asked.to), f"must be after from, {asked.from_}")
        found = await self._trace(asked.flow, first, end)
        if found.figure is None and not found.claims and not await self.view.states([asked.flow]):
            raise ProblemError(404, f"nothing is known of the flow {asked.flow}", field="flow", value=asked.flow)
        return found

    async def _trace(self, flow: str, first: int | None, end: int | None) -> Evidence:
        return await evidence_of(self.view.redis, self.registry.names, flow, first, end)

    async def sources(self, _: AskPlain) -> SourceList:
        """The source registry, and when each was heard of last."""
        last, now = await self.view.sources(), time.time()
        rows = []
        for key, one in self.registry.sources.items():
            published = utc_text(moment_at(last[key])) if key in last else None
            every = self.registry.every.get(key)
            overdue = None if every is None else now - last.get(key, 0) / MICRO > every
            rows.append(
                SourceRow(key, one.name, one.tz, one.grade.value, list(one.flows), one.topic.value, published, overdue)
            )
        return SourceList(rows)

    async def _states(self, flows: list[str]) -> list[StateHead]:
        states = await self.view.states(flows)
        for flow in flows:
            if flow not in states:
                raise ProblemError(404, f"nothing is known of the flow {flow}", field="flow", value=flow)
        return list(states.values())


def place(alert: Alert) -> tuple[int, str]:
    """Where an alert stands among all, newest first."""
    return microseconds_in(alert.published), alert.id


def write_cursor(alert: Alert) -> str:
    """What asks for the alerts after this one."""
    published, name = place(alert)
    return base64.urlsafe_b64encode(f"{published}|{name}".encode()).decode().rstrip("=")


def read_cursor(text: str) -> tuple[int, str]:
    """The inverse. Raises ProblemError (400)."""
    try:
        published, _, name = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition("|")
        return int(published), name
    except ValueError:
        raise bad("after", text, "is no `next` of a page before") from None
