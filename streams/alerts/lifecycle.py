"""The life cycle of alerts: episodes in, records (firing, updated, resolved, withdrawn) out.

The episodes of a flow are a function of the set of reports alone. `advance` compares them with the alerts already
spoken of and says what changed. Which records an alert has on its way depends on when reports came; its newest record
does not, unless it is a withdrawal: that one cites the reports that came since the alert opened.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import msgspec

from bordertally.streams.alerts.causes import CausesSeen, causes_seen
from bordertally.streams.alerts.explanation import explain
from bordertally.streams.alerts.records import Alert, AlertState
from bordertally.streams.detection.registry import rule_of
from bordertally.streams.flow_names import flow_name
from bordertally.streams.ledger.causes import Cause
from bordertally.streams.moments import published_text
from bordertally.streams.periods import iso_day, ordinal_of
from bordertally.streams.totals.days import people
from bordertally.streams.totals.records import Episode, FlowState, Total

Told = tuple[str, str, float, float, int, float, str, float, str]
"""What a record tells of an episode besides its days, exactly: see `_told`."""


def _told(episode: Episode) -> Told:
    level = episode.baseline
    peak = (episode.peak_day, episode.peak_rate, episode.peak_severity)
    return episode.severity, level.kind, level.expected, level.threshold, *peak, episode.rate, episode.note


class Known(msgspec.Struct, array_like=True):
    """An alert already spoken of: its newest record, its days as ordinals, what that told of them, what came since."""

    record: Alert
    since: int
    until: int | None
    last: int
    told: Told | None = None
    causes: CausesSeen = CausesSeen()


def last_day(known: Iterable[Known]) -> int:
    """The last day (ordinal) of the alerts that are not withdrawn; a cause that begins later bears on none of them."""
    return max(
        [max(alert.last, (alert.until or 0) - 1) for alert in known if _in_use(alert)],
        default=0,
    )


def alert_id(flow: str, rule: str, day: int) -> str:
    """The id of an alert: fixed when it opens, by flow, rule and the day that opened it."""
    return hashlib.sha256(f"{flow}|{rule}|{iso_day(day)}".encode()).hexdigest()[:16]


def advance(
    known: Sequence[Known],
    state: FlowState,
    names: dict[str, str],
    causes: Sequence[Cause] = (),
    notify_days: int = 30,
) -> tuple[list[Known], list[Alert]]:
    """Compare what a flow's reports come to now with the alerts already spoken of. `causes`: what led to this state.

    `notify_days`: an exceedance whose latest day lies further before the newest report of the flow is a backfill, and
    so is one of historic claims alone.

    Returns the alerts known from now on and the records to publish, in order. Idempotent: the same state again
    says nothing. An episode continues the earliest alert whose days it touches; others it touches are withdrawn with
    `merged_into`; an alert that no episode touches any more is withdrawn.
    """
    alive = {alert.record.id: _with_causes(alert, causes) for alert in known}
    taken: dict[str, str] = {}
    records: list[Alert] = []
    before_it: dict[str, str] = {}  # by rule, the alert of the episode before
    around = _Around(state, names, ordinal_of(state.published // 1_000_000) - notify_days)
    spans = {
        (alert.record.rule, alert.since, alert.until, alert.last): alert for alert in alive.values() if _in_use(alert)
    }
    for episode in state.episodes:
        same = spans.get((episode.rule, episode.since, episode.until, episode.day))
        if same is not None and _tells(same, episode) and not (same.record.backfill and not around.is_old(episode)):
            taken[same.record.id] = before_it[episode.rule] = same.record.id
            continue
        touching = [alert for alert in _in_order(alive.values(), taken) if _touch(alert, episode)]
        if touching:
            keep, *others = touching
            identity = keep.record.id
            taken.update({alert.record.id: identity for alert in others})
        else:
            identity = alert_id(state.flow, episode.rule, episode.since)
            while identity in taken or _in_use(alive.get(identity)):  # opened on that day, and its days have moved
                identity = alert_id(identity, episode.rule, episode.since)
        taken[identity] = identity
        for step in _steps(episode, alive.get(identity)):
            before = alive.get(identity)
            record = _record(identity, before, step, around)
            if record is not None:
                record = msgspec.structs.replace(record, previous=before_it.get(episode.rule))
                records.append(record)
                alive[identity] = _known(record, step, before)
            elif before is not None:
                alive[identity] = _known(before.record, step, before)
        before_it[episode.rule] = identity
    for identity, alert in sorted(alive.items()):
        target = taken.get(identity)
        if target != identity and alert.record.state is not AlertState.WITHDRAWN:
            record = _withdrawn(alert, state, target)
            records.append(record)
            alive[identity] = Known(record, alert.since, alert.until, alert.last)
    return [alive[identity] for identity in sorted(alive)], records


def without_minor(log: Iterable[Alert]) -> list[Alert]:
    """A log without its minor records, but the newest record of each alert says all that the last of them said.

    It keeps the state in which it was told.
    """
    kept: list[Alert] = []
    newest: dict[str, int] = {}
    later: dict[str, Alert] = {}
    for record in log:
        if record.minor:
            later[record.id] = record
        else:
            later.pop(record.id, None)
            newest[record.id] = len(kept)
            kept.append(record)
    for identity, record in later.items():
        place = newest[identity]
        kept[place] = msgspec.structs.replace(record, state=kept[place].state, minor=False)
    return kept


def _in_order(alerts: Iterable[Known], taken: Container[str]) -> list[Known]:
    """The alerts that an episode may continue, the earliest first: not withdrawn, and no other episode has them."""
    free = [alert for alert in alerts if _in_use(alert) and alert.record.id not in taken]
    return sorted(free, key=lambda alert: (alert.since, alert.record.id))


def _in_use(alert: Known | None) -> bool:
    return alert is not None and alert.record.state is not AlertState.WITHDRAWN


def _tells(known: Known, episode: Episode) -> bool:
    """Whether the newest record of an alert tells all there is of an episode with the same days."""
    record = known.record
    return (
        known.told == _told(episode)
        and record.report_count == episode.report_count
        and record.reports == episode.reports
        and record.quotes == episode.quotes
        and record.about == episode.about
    )


def _steps(episode: Episode, before: Known | None) -> list[Episode]:
    """An episode that nobody knows of and that is over already fires before it resolves."""
    if episode.until is None or _in_use(before):
        return [episode]
    return [msgspec.structs.replace(episode, until=None), episode]


def _known(record: Alert, episode: Episode, before: Known | None) -> Known:
    since = before.causes if before is not None and _in_use(before) else CausesSeen()
    return Known(record, episode.since, episode.until, episode.day, _told(episode), since)


def _with_causes(alert: Known, causes: Sequence[Cause]) -> Known:
    """The alert with the causes that bear on it added."""
    if not causes or not _in_use(alert):
        return alert
    now = causes_seen(alert.causes, causes, alert.record, alert.since, max(alert.last, (alert.until or 0) - 1))
    return alert if now is alert.causes else msgspec.structs.replace(alert, causes=now)


def _touch(alert: Known, episode: Episode) -> bool:
    if alert.record.rule != episode.rule:
        return False
    end = max(alert.last + 1, alert.until or 0)
    return episode.since < end and alert.since < max(episode.day + 1, episode.until or 0)


class _Around(NamedTuple):
    """What records of a flow are made with: its state, the names of sources, the oldest day that is no backfill."""

    state: FlowState
    names: dict[str, str]
    oldest: int

    def is_old(self, episode: Episode) -> bool:
        """Whether an episode is no news: it lies too far back, or all its claims are historic."""
        return episode.day < self.oldest or episode.historic is True


def _record(identity: str, before: Known | None, episode: Episode, around: _Around) -> Alert | None:
    state, names, _ = around
    old = None if before is None else before.record
    backfill = around.is_old(episode) and (old is None or old.backfill)
    baseline, published = episode.baseline, published_text(state.published)
    if episode.until is not None:
        new_state = AlertState.RESOLVED
    elif old is None or not old.state.is_open:
        new_state = AlertState.FIRING
    else:
        new_state = AlertState.UPDATED
    record = Alert(
        id=identity,
        seq=1 if old is None else old.seq + 1,
        flow=state.flow,
        rule=episode.rule,
        state=new_state,
        severity=episode.severity,
        since=iso_day(episode.since),
        day=iso_day(episode.day),
        until=None if episode.until is None else iso_day(episode.until),
        rate=people(episode.rate),
        expected=people(baseline.expected),
        threshold=people(baseline.threshold),
        ratio=round(episode.rate / baseline.expected, 3) if baseline.expected else None,
        baseline=baseline.kind,
        population=baseline.population,
        peak_day=iso_day(episode.peak_day),
        peak_rate=people(episode.peak_rate),
        peak_severity=episode.peak_severity,
        reports=episode.reports,
        report_count=episode.report_count,
        published=published,
        explanation=explain(state.flow, episode, names),
        about=episode.about,
        quotes=episode.quotes,
        told=published,
        backfill=backfill,
    )
    telling: tuple[str, ...] = _TELLING
    if record.baseline == "learned":
        telling = tuple(name for name in _TELLING if name not in _LEARNED)  # what was learned of the past moves often
    if old is None or (old.backfill and not backfill) or _differs(old, record, telling):
        return record
    return msgspec.structs.replace(record, minor=True, told=old.told) if _differs(old, record, _SHOWN) else None


_TELLING = (
    "severity",
    "since",
    "until",
    "baseline",
    "expected",
    "threshold",
    "peak_rate",
    "peak_day",
    "peak_severity",
)
"""What is news of an alert: that it opened, closed or moved, its peak, its severity, its normal level."""


_LEARNED = ("expected", "threshold")
"""What is no news of an alert with a learned level."""

_SHOWN = (*_LEARNED, "day", "rate", "ratio", "reports", "report_count", "about", "quotes", "explanation")
"""What else a record says of an alert: a change of these alone is minor."""


def _differs(old: Alert, new: Alert, names: Iterable[str]) -> bool:
    """Whether the alert opened or closed, or any of these fields changed."""
    if old.state.is_open != new.state.is_open or old.state is AlertState.WITHDRAWN:
        return True
    return any(getattr(old, name) != getattr(new, name) for name in names)


def _withdrawn(alert: Known, state: FlowState, merged_into: str | None) -> Alert:
    """The last record of an alert, citing what took it away (see `causes_seen`) but no readings that add to days."""
    old = alert.record
    reports, count = list(alert.causes.reports), alert.causes.number
    if not reports:
        window = _window(state, old.since)
        known, count = (window.reports, window.report_count) if window is not None else (old.reports, old.report_count)
        reports = [report for report in known if report not in old.reports]
        reports, count = (reports, len(reports)) if reports and merged_into is None else (known, count)
    if state.alias_of is not None:
        why = f"Withdrawn: {old.flow} is another name of {state.alias_of}, where its reports count now"
    elif merged_into is None:
        what = rule_of(old.rule).noun
        why = f"Withdrawn: with newer reports on {flow_name(old.flow)}, there is no {what} from {old.since} on any more"
    else:
        why = f"Withdrawn: one with alert {merged_into}, whose days it has grown together with"
    return msgspec.structs.replace(
        old,
        seq=old.seq + 1,
        state=AlertState.WITHDRAWN,
        published=published_text(state.published),
        explanation=why,
        merged_into=merged_into,
        reports=reports,
        report_count=count,
        quotes=[],
        minor=False,
        told=published_text(state.published),
    )


def _window(state: FlowState, since: str) -> Total | None:
    """The shortest window with this day in it, if any: the reports behind it say what is known of the day."""
    day = date.fromisoformat(since)
    for total in state.totals:
        if date.fromisoformat(total.as_of) - timedelta(days=total.window_days) <= day:
            return total
    return None
