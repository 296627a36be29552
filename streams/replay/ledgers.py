"""Replay: the pipeline's arithmetic in one process, without a broker, over reports in order of publication.

Figures are brought up to date once for all reports of an hour, and the episodes of the flows that the hour touches are
compared with their alerts. The state of a flow, which takes most of the work, is worked out only when it is asked for.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from bordertally.streams.alerts.lifecycle import Known, advance, last_day, without_minor
from bordertally.streams.alerts.records import Alert
from bordertally.streams.detection.corridors.figures import figures_after
from bordertally.streams.detection.flow_state import alerting_state, flow_state, told_episodes
from bordertally.streams.detection.silence import to_tell
from bordertally.streams.evidence.tallies import tallies_of
from bordertally.streams.evidence.trace import Kept
from bordertally.streams.flows import Flow
from bordertally.streams.ledger.causes import Cause
from bordertally.streams.ledger.ledger import Applied, Ledger
from bordertally.streams.ledger.rows import Row
from bordertally.streams.ledger.tree import LIVE_DAYS
from bordertally.streams.ledger.versions import Outcome
from bordertally.streams.periods import ordinal_day
from bordertally.streams.replay.reports_by_hour import RejectedReport, ReplayedReport, ReportsByHour
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.notices import ReportNotice
from bordertally.streams.reports.readings import Readings
from bordertally.streams.reports.sources import Registry
from bordertally.streams.rules.config import Rules
from bordertally.streams.totals.calendar import Each, NamedPeriod, calendar_periods, period_total
from bordertally.streams.totals.days import day_figures
from bordertally.streams.totals.records import (
    Conflict,
    DayFigure,
    Episode,
    FlowState,
    Noted,
    PeriodTotal,
    Total,
    Unlikely,
)


class ReplayResult(msgspec.Struct, frozen=True):
    """What reports come to: the object that `--json` prints."""

    totals: list[Total]
    days: list[DayFigure]
    alerts: list[Alert]
    conflicts: list[Conflict]
    rejected: list[RejectedReport]
    parts: list[Total]
    noted: list[Noted]
    unlikely: list[Unlikely] = []
    periods: list[PeriodTotal] = []


REPLACED = frozenset({Outcome.CORRECTION, Outcome.STALE})


class ReplayLedgers:
    """Ledger and alerts in one place: what the pipeline does over Kafka, in memory. Reports go in batch by batch.

    `known`: the alerts of each flow that has had any. `log`: every alert record, in order. `worked_out`: how many
    states of flows were worked out so far. `notices`: by source, which versions of claims were passed over and why.
    `replaced`: how many versions gave way to another by their time of publication.
    """

    def __init__(self, registry: Registry, rules: Rules) -> None:
        self.ledger = Ledger(registry.aliases)
        self.rules = rules
        self.names = registry.names
        self.known: dict[Flow, list[Known]] = {}
        self.log: list[Alert] = []
        self.worked_out = 0
        self.notices: Counter[tuple[str, ReportNotice]] = Counter()
        self.replaced = 0
        self._states: dict[Flow, FlowState] = {}
        self._stale: set[Flow] = set()  # flows touched since their state was worked out
        self._episodes: dict[Flow, list[Episode]] = {}  # as last compared with the alerts
        self._last: dict[Flow, int] = {}  # the last day of the alerts of a flow that are not withdrawn
        self._live: dict[Flow, set[int]] = defaultdict(set)  # days with readings that may not be packed yet

    def apply(self, claims: Iterable[Claim], readings: Iterable[Readings] = ()) -> Iterator[Alert]:
        """Apply a batch; yields the alert records it leads to, in order."""
        applied = self.ledger.apply(claims, readings)
        corridors = figures_after(self.ledger, applied, self.rules)
        yield from self._follow(applied)
        if corridors:
            yield from self._follow(self.ledger.apply((), (), corridors))

    def _follow(self, applied: Applied) -> Iterator[Alert]:
        """Compare the flows of a batch with their alerts; yields the alert records."""
        self.notices += applied.notices
        self.replaced += sum(applied.outcomes[key] for key in applied.outcomes if key[1] in REPLACED)
        self._pack(applied.rows)
        for flow in to_tell(self.ledger, applied.flows, self.rules):
            self._stale.add(flow)
            yield from self._compare(flow, applied.causes.get(flow, ()))

    @property
    def states(self) -> dict[Flow, FlowState]:
        """The state of every flow touched so far."""
        for flow in sorted(self._stale):
            self._states[flow] = flow_state(self.ledger.nodes[flow], self.rules)
        self.worked_out += len(self._stale)
        self._stale.clear()
        return self._states

    def _compare(self, flow: Flow, causes: Sequence[Cause]) -> list[Alert]:
        """The alert records that a touched flow leads to.

        Alerts depend on the episodes, and on causes that bear on their days. Where neither changed, there is no record.
        """
        node, last = self.ledger.nodes[flow], self._last.get(flow, 0)
        episodes = told_episodes(node, self.rules.of(flow))
        if episodes == self._episodes.get(flow, []) and not any(cause.first <= last for cause in causes):
            return []
        self._episodes[flow] = episodes
        state, notify_days = alerting_state(node, self.rules, episodes), self.rules.of(flow).detection.notify_days
        known, records = advance(self.known.get(flow, []), state, self.names, causes, notify_days)
        self.known[flow] = known
        self._last[flow] = last_day(known)
        self.log += records
        return records

    def _pack(self, rows: Iterable[Row]) -> None:
        """Keep the readings of days that have grown old as the rows that the pipeline would store."""
        for row in rows:
            if row.kind == "r":
                days = self._live[row.flow]
                days.add(row.number)
                if len(days) > LIVE_DAYS:
                    self.ledger.stored({key: self.ledger.row(key) for key in (Row("r", row.flow, day) for day in days)})
                    self._live[row.flow] = set(sorted(days)[-LIVE_DAYS:])

    def outcome(
        self, rejected: list[RejectedReport], periods: Sequence[NamedPeriod] = (), kinds: Sequence[Each] = ()
    ) -> ReplayResult:
        """Everything the reports come to so far; flows in order of their paths.

        With totals of `periods`, and of every calendar period of these `kinds` that has a claim.
        """
        flows = sorted(self.states)
        states = [self.states[flow] for flow in flows]
        return ReplayResult(
            totals=[total for state in states for total in state.totals],
            days=[day for flow in flows for day in day_figures(self.ledger.nodes[flow])],
            alerts=without_minor(self.log),
            conflicts=[conflict for state in states for conflict in state.conflicts],
            rejected=rejected,
            parts=[total for state in states for total in state.parts],
            noted=[noted for state in states for noted in state.noted],
            unlikely=[claim for state in states for claim in state.unlikely],
            periods=[total for flow in flows for total in self._periods(flow, periods, kinds)],
        )

    def _periods(self, flow: Flow, periods: Sequence[NamedPeriod], kinds: Sequence[Each]) -> Iterator[PeriodTotal]:
        figures = day_figures(self.ledger.nodes[flow]) if periods or kinds else []
        if not figures:
            return
        for period in periods:
            yield period_total(flow, period, figures, days=True)
        first, last = ordinal_day(figures[0].day), ordinal_day(figures[-1].day)
        for each in dict.fromkeys(kinds):
            totals = [period_total(flow, period, figures) for period in calendar_periods(each, first, last)]
            yield from [total for total in totals if total.covered_days]


def replay(lines: Iterable[bytes], registry: Registry, rules: Rules, now: float) -> ReplayResult:
    """Read lines of NDJSON, empty ones skipped, and work the reports through, hour by hour of their publication."""
    reports, ledgers = ReportsByHour(registry), ReplayLedgers(registry, rules)
    reports.add(ReplayedReport.of_line(line.strip(), int(now * 1000)) for line in lines if line.strip())
    for hour in reports.drain():
        for _ in ledgers.apply(hour.claims, hour.readings):
            pass
    return ledgers.outcome(reports.rejected)


def kept_by(ledgers: ReplayLedgers) -> dict[str, Kept]:
    """What is kept of every flow, as traces read it: statements, tallies, and its newest state with all days."""
    kept = {}
    for flow, state in ledgers.states.items():
        node = ledgers.ledger.nodes[flow]
        claims = [claim for series in node.series.values() for claim in series.claims.values()]
        days = sorted({day for series in node.series.values() for day in series.counts.days})
        rows = {day: [ledgers.ledger.row(Row("r", name, day)) for name in (flow, *node.names)] for day in days}
        tallies = {day: [tally for row in same for tally in tallies_of(row)] for day, same in rows.items()}
        every_day = msgspec.structs.replace(state, days=day_figures(node))
        kept[str(flow)] = Kept(every_day, [*claims, *node.noted.values()], tallies, every_day=True)
    return kept
