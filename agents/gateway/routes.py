"""The read routes: answers from the view in Redis and from the registry."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version

import msgspec

from bordertally.agents.gateway.parameters import (
    AskAlerts,
    AskDays,
    AskEvidence,
    AskFlows,
    AskNothing,
    AskPeriods,
    AskPlain,
    AskTotals,
    Q,
)
from bordertally.agents.gateway.problems import RETRY_S, bad
from bordertally.agents.gateway.responses import (
    About,
    AlertDetail,
    AlertList,
    DayList,
    FlowList,
    FlowRow,
    PeriodList,
    Place,
    PlaceList,
    SourceList,
    SourceRow,
    TotalList,
)
from bordertally.agents.gateway.stream.events import RANK
from bordertally.agents.gateway.view import ReadView, StateHead, newest_first
from bordertally.agents.runtime.languages import load_gazetteer
from bordertally.agents.runtime.problems import ProblemError
from bordertally.agents.runtime.unreadable import readable
from bordertally.streams.alerts.acknowledgements import Acknowledgement, Acknowledgements
from bordertally.streams.alerts.inhibition import OpenAlerts
from bordertally.streams.alerts.records import Alert
from bordertally.streams.alerts.silences import Muted, muted_alerts
from bordertally.streams.evidence.records import Evidence
from bordertally.streams.flow_names import place_name
from bordertally.streams.flows import Flow, includes
from bordertally.streams.ledger.aliases import names_of
from bordertally.streams.moments import MICRO, microseconds_in, moment_at, utc_text
from bordertally.streams.periods import iso_day, ordinal_day
from bordertally.streams.reports.sources import Registry
from bordertally.streams.rules.config import Rules
from bordertally.streams.statements.lexicon.gazetteer import Checkpoint
from bordertally.streams.totals.calendar import NamedPeriod, kind_of, period_named, period_total, total_of
from bordertally.streams.totals.records import PeriodTotal
from bordertally.streams.totals.windows import longest_window, window_name


class Routes:
    """One method per route: parameters in, a response out. Unknown flows and alerts raise ProblemError (404)."""

    def __init__(
        self,
        view: ReadView,
        registry: Registry,
        rules: Rules,
        acknowledgements: Acknowledgements | None = None,
        at: datetime | None = None,
    ) -> None:
        """`at`: the moment as of which the routes answer; now by default."""
        self.view, self.rules, self.at = view, rules, at
        self.acknowledgements = acknowledgements or Acknowledgements()
        self.renew(registry)

    def renew(self, registry: Registry) -> None:
        """Use a reloaded registry."""
        self.registry, self.rules = registry, self.rules.renamed(registry.aliases)

    def _now(self) -> datetime:
        return datetime.now(UTC) if self.at is None else self.at

    def _acknowledged(self, alert: str) -> list[Acknowledgement]:
        """Return who has acknowledged an alert up to now."""
        return [record for record in self.acknowledgements.of(alert) if record.at <= self._now()]

    def place(self, flow: str) -> str:
        """Return the flow under which the claims on a flow count: the flow itself, unless it is an alias."""
        return self.registry.place(flow)

    def placed(self, question: Q) -> Q:
        """Return the parameters of a request with the flows of places in place of aliases."""
        flow = getattr(question, "flow", None)
        if not flow:
            return question
        placed = self.place(flow) if isinstance(flow, str) else list(dict.fromkeys(self.place(each) for each in flow))
        return msgspec.structs.replace(question, flow=placed)

    async def flows(self, asked: AskFlows) -> FlowList:
        """Return a page of the summaries of every flow, or of the flows at or below those asked for."""
        known, wanted = await self.view.flows(), asked.flow
        names = [name for name in known if not wanted or any(includes(flow, name) for flow in wanted)]
        if asked.depth is not None:
            names = [name for name in names if name.count(":") <= asked.depth]
        names, following = page_of(names, asked)
        states = await self.view.states(names)
        alerts = {alert.flow: alert.id for alert in reversed(await self.view.open_alerts())}
        aliases = names_of(self.registry.aliases)

        def row(state: StateHead) -> FlowRow:
            return state.row(alerts.get(state.flow), aliases.get(Flow(state.flow), ()))

        return FlowList(list(readable(row, states, "the state of").values()), following)

    async def totals(self, asked: AskTotals) -> TotalList:
        """Return a page of totals of flows in every window, or in one."""
        names, following = page_of(asked.flow or await self.view.flows(), asked)
        states = await self._states(names) if asked.flow else (await self.view.states(names)).values()
        totals = [total for state in states for total in state.totals]
        wanted = [total for total in totals if asked.window in (None, window_name(total.window_days))]
        return TotalList(wanted, following)

    async def days(self, asked: AskDays) -> DayList:
        """Return the latest days of flows, as many as the longest window has."""
        first = "" if asked.from_ is None else asked.from_.isoformat()
        last = "9" if asked.to is None else asked.to.isoformat()
        states = await self._states(asked.flow)
        days = [day for state in states for day in state.days if first <= day.day < last]
        return DayList(asked.flow[0] if len(asked.flow) == 1 else None, days)

    async def periods(self, asked: AskPeriods) -> PeriodList:
        """Return totals of periods. Raises ProblemError (400) for days that are no longer stored one by one."""
        states = await self._states(asked.flow)
        if asked.each is not None:
            if (asked.from_, asked.to) != (None, None):
                raise bad("each", asked.each, "give either each, or from and to")
            totals = [total_of(state.flow, figure) for state in states for figure in state.calendar]
            return PeriodList([total for total in totals if kind_of(total.period) == asked.each])
        if asked.from_ is None or asked.to is None:
            raise bad("from" if asked.from_ is None else "to", None, "is required, unless each is given")
        if asked.to <= asked.from_:
            raise bad("to", str(asked.to), f"must be after from, {asked.from_}")
        period = NamedPeriod(f"{asked.from_}/{asked.to}", asked.from_.toordinal(), asked.to.toordinal())
        return PeriodList([_period_total(state, period) for state in states])

    async def alerts(self, asked: AskAlerts) -> AlertList:
        """Return one page of alerts, newest first: open alerts, or all."""
        rank = 0 if asked.severity is None else RANK[asked.severity]
        after = None if asked.after is None else read_cursor(asked.after)
        matches: list[Alert] = []

        def wanted(alert: Alert) -> bool:
            return RANK[alert.severity] >= rank and (asked.flow is None or includes(asked.flow, alert.flow))

        if asked.state == "open":
            rest = [alert for alert in await self.view.open_alerts() if after is None or place(alert) < after]
            matches = [alert for alert in rest if wanted(alert)][: asked.limit + 1]
        else:
            async for alert in self.view.alerts(after):
                if wanted(alert):
                    matches.append(alert)
                    if len(matches) > asked.limit:
                        break
        page = newest_first(matches[: asked.limit])
        following = write_cursor(page[-1]) if len(matches) > asked.limit else None
        seen = {alert.id: self._acknowledged(alert.id) for alert in page}
        acknowledged = {name: records[-1] for name, records in seen.items() if records}
        return AlertList(page, following, await self._muted(page), acknowledged)

    async def alert(self, name: str) -> AlertDetail:
        """Return one alert with all its records and its evidence."""
        newest, history = await self.view.alert(name)
        if newest is None:
            raise ProblemError(404, f"there is no alert {name}", field="id", value=name)
        first, last = (ordinal_day(day) for day in (newest.since, newest.day))
        muted = (await self._muted([newest])).get(newest.id)
        evidence = await self._trace(newest.flow, first, last + 1)
        return AlertDetail(newest, history, evidence, muted, self._acknowledged(name))

    async def _muted(self, alerts: Iterable[Alert]) -> dict[str, Muted]:
        """Return why alerts are muted now, by id; open alerts only."""
        open_alerts = [alert for alert in alerts if alert.state.is_open]
        if not open_alerts:
            return {}
        silences = await self.view.silences()
        every = OpenAlerts(await self.view.open_alerts())
        return muted_alerts(open_alerts, silences.by_id.values(), self._now(), every, self.rules)

    async def all_muted(self) -> list[tuple[Alert, Muted]]:
        """Return every open alert that is muted now, with the reason, ordered by id."""
        silences, alerts = await self.view.silences(), await self.view.open_alerts()
        muted = muted_alerts(alerts, silences.by_id.values(), datetime.now(UTC), OpenAlerts(alerts), self.rules)
        return [(alert, muted[alert.id]) for alert in sorted(alerts, key=lambda alert: alert.id) if alert.id in muted]

    async def evidence(self, asked: AskEvidence) -> Evidence:
        """Return the evidence of a flow: its claims and reports, and the role of each in the figure."""
        first, end = (None if day is None else day.toordinal() for day in (asked.from_, asked.to))
        if first is not None and end is not None and end <= first:
            raise bad("to", str(asked.to), f"must be after from, {asked.from_}")
        evidence = await self._trace(asked.flow, first, end)
        if evidence.figure is None and not evidence.claims and not await self.view.states([asked.flow]):
            raise ProblemError(404, f"there are no reports on the flow {asked.flow}", field="flow", value=asked.flow)
        return evidence

    async def _trace(self, flow: str, first: int | None, end: int | None) -> Evidence:
        return await self.view.evidence(self.registry, flow, first, end)

    async def sources(self, _: AskPlain) -> SourceList:
        """Return the source registry, with the time of each source's newest report."""
        last, exactness, now = await self.view.sources(), await self.view.exactness(), self._now().timestamp()
        rows = []
        for key, source in self.registry.sources.items():
            published = utc_text(moment_at(last[key])) if key in last else None
            every = self.registry.every.get(key)
            overdue = None if every is None else now - last.get(key, 0) / MICRO > every
            rows.append(
                SourceRow(
                    key,
                    source.name,
                    source.tz,
                    source.grade.value,
                    list(source.flows),
                    source.topic.value,
                    published,
                    overdue,
                    source.relays,
                    exactness.get(key),
                    source.url,
                    source.contact,
                )
            )
        return SourceList(rows)

    async def places(self, _: AskNothing) -> PlaceList:
        """Return the gazetteer: names and coordinates of checkpoints and capitals."""
        return _places()

    async def about(self, _: AskNothing) -> About:
        """Return the version of the gateway, and the rules in force where a flow has none of its own."""
        rules = self.rules.detection
        return About(
            version("bordertally"), rules.ratio, rules.warning, rules.critical, own_rules=bool(self.rules.flows)
        )

    async def _states(self, flows: list[str]) -> list[StateHead]:
        states = await self.view.states(flows)
        for flow in flows:
            if flow not in states and await self.view.has(flow):
                why = f"the state of {flow} in Redis cannot be read; it is written again within seconds"
                raise ProblemError(503, why, field="flow", value=flow, headers={"Retry-After": str(RETRY_S)})
            if flow not in states:
                raise ProblemError(404, f"there are no reports on the flow {flow}", field="flow", value=flow)
        return list(states.values())


@lru_cache(maxsize=1)
def _places() -> PlaceList:
    gazetteer = load_gazetteer()
    checkpoints = [
        Place(slug, list(point.sides), _names(slug, point), gazetteer.coordinates.get(slug))
        for slug, point in gazetteer.checkpoints.items()
    ]
    capitals = [Place(code, [code], [capital.name], capital.at) for code, capital in gazetteer.capitals.items()]
    return PlaceList([*checkpoints, *capitals])


def _names(slug: str, point: Checkpoint) -> list[str]:
    """The names of a checkpoint in all languages, its own first; the marks of endings are left out."""
    names = (name.replace("*", "") for each in point.names.values() for name in each)
    return list(dict.fromkeys([place_name(slug), *names]))


def _period_total(state: StateHead, period: NamedPeriod) -> PeriodTotal:
    """The total of a period from the days that a state has, or from its calendar. Raises ProblemError (400)."""
    oldest = None if not state.totals else ordinal_day(state.totals[0].as_of) - longest_window()
    if oldest is None or period.first >= oldest:
        return period_total(state.flow, period, state.days, days=True)
    for figure in state.calendar:
        if period_named(figure.period)[1:] == period[1:]:
            return total_of(state.flow, figure)
    why = (
        f"the days of {state.flow} before {iso_day(oldest)} are stored only as calendar weeks, months and years; "
        f"any others with: bordertally replay --from-kafka --period {iso_day(period.first)}/{iso_day(period.end)}"
    )
    raise bad("from", iso_day(period.first), why)


def page_of(names: Iterable[str], asked: AskFlows | AskTotals) -> tuple[list[str], str | None]:
    """Return the flows of the page asked for, ordered by path, and the cursor of the page after it, None at the end.

    The cursor is the last flow of a page: a flow that is new or gone meanwhile moves no other flow between pages.
    """
    rest = sorted(name for name in names if asked.after is None or name > asked.after)
    page = rest[: asked.limit]
    return page, page[-1] if len(rest) > len(page) else None


def place(alert: Alert) -> tuple[int, str]:
    """Return the sort key of an alert: published (microseconds since 1970 UTC), then id."""
    return microseconds_in(alert.published), alert.id


def write_cursor(alert: Alert) -> str:
    """Return the cursor for the alerts after this one."""
    published, name = place(alert)
    return base64.urlsafe_b64encode(f"{published}|{name}".encode()).decode().rstrip("=")


def read_cursor(text: str) -> tuple[int, str]:
    """Return the sort key of the alert that a cursor names. Raises ProblemError (400)."""
    try:
        published, _, name = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition("|")
        return int(published), name
    except ValueError:
        raise bad("after", text, "is not the `next` of a previous page") from None
