"""Computing the flow state, the record on `totals`: totals, days, episodes, conflicts and baseline of a flow."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from bordertally.streams.detection.daily_rate import latest_rate
from bordertally.streams.detection.history import with_history
from bordertally.streams.detection.quotes import with_quotes
from bordertally.streams.detection.registry import all_episodes
from bordertally.streams.flows import Flow
from bordertally.streams.ledger.rows import PEOPLE
from bordertally.streams.ledger.tree import Node
from bordertally.streams.periods import iso_day
from bordertally.streams.rules.config import Rules
from bordertally.streams.totals.calendar import calendar_figures
from bordertally.streams.totals.conflicts import conflicts, noted
from bordertally.streams.totals.coverage import covered_as_usual
from bordertally.streams.totals.days import day_figures, written_days
from bordertally.streams.totals.records import DayFigure, Episode, FlowState
from bordertally.streams.totals.unlikely import unlikely_claims
from bordertally.streams.totals.windows import longest_window, totals


def flow_state(node: Node, rules: Rules, spoken: Collection[int] = ()) -> FlowState:
    """The state of a flow, which follows from the claims in the ledger and from the rules alone.

    Its `days` are the latest days, and the days `spoken` of by the newest claims, however old: a reader of every state
    sees every change of a day.
    """
    return _state(node, rules, day_figures(node, PEOPLE, longest_window(), spoken))


def written_state(node: Node, rules: Rules, spoken: Collection[int] = ()) -> tuple[FlowState, bytes]:
    """The same state and its JSON, at less cost; the `days` of the state are encoded already (see `written_days`)."""
    state = _state(node, rules, written_days(node, longest_window(), spoken))
    return state, msgspec.json.encode(state)


def told_episodes(node: Node, rules: Rules) -> list[Episode]:
    """The episodes of a flow as its state tells them: with quotes, and marked where they are historic.

    `rules`: those of the flow.
    """
    return with_quotes(node, with_history(node, all_episodes(node, rules), rules.detection.notify_days))


def alerting_state(node: Node, rules: Rules, episodes: list[Episode]) -> FlowState:
    """The state of a flow as far as its alerts follow from it (see lifecycle.advance): every other field is empty.

    Conflicts, days and parts take most of the work, and more the longer a flow has lived.
    """
    state = _empty(node.flow, node.published)
    windows = totals(node, PEOPLE, rules.of(node.flow).detection.project_days)
    return msgspec.structs.replace(state, totals=windows, episodes=episodes)


def figures_state(node: Node, rules: Rules) -> FlowState:
    """The state of a flow as far as metrics show it: without days, alerts, parts and the claims beside the totals."""
    rules = rules.of(node.flow)
    rate, day, baseline = latest_rate(node, rules)
    return msgspec.structs.replace(
        _empty(node.flow, node.published),
        totals=totals(node, PEOPLE, rules.detection.project_days),
        conflicts=conflicts(node),
        baseline=baseline,
        rate=rate,
        rate_day=None if day is None else iso_day(day),
        comparable=day is None or covered_as_usual(node, day),
        unlikely=unlikely_claims(node) if node.suspected else [],
    )


def gone_state(flow: Flow, place: Flow | None, published: int) -> FlowState:
    """The last state of a flow whose claims have all moved to other flows.

    `place`: the flow of which this flow is an alias; None for a flow above an alias. `published`: microseconds since
    1970 UTC of the newest report that moved.
    """
    return msgspec.structs.replace(_empty(flow, published), gone=True, alias_of=place)


def _empty(flow: Flow, published: int) -> FlowState:
    return FlowState(
        flow=flow,
        published=published,
        totals=[],
        days=[],
        episodes=[],
        conflicts=[],
        baseline=None,
        parts=[],
        noted=[],
        report_count=0,
        rate=None,
        rate_day=None,
    )


def _state(node: Node, rules: Rules, days: list[DayFigure]) -> FlowState:
    rules = rules.of(node.flow)
    limit = rules.detection.project_days
    windows = totals(node, PEOPLE, limit)
    rate, day, baseline = latest_rate(node, rules)
    return FlowState(
        flow=node.flow,
        published=node.published,
        totals=windows,
        days=days,
        episodes=told_episodes(node, rules),
        conflicts=conflicts(node),
        baseline=baseline,
        parts=[total for key in sorted(node.series) if key != PEOPLE for total in totals(node, key, limit)],
        noted=noted(node),
        report_count=windows[-1].report_count if windows else 0,
        rate=rate,
        rate_day=None if day is None else iso_day(day),
        comparable=day is None or covered_as_usual(node, day),
        unlikely=unlikely_claims(node) if node.suspected else [],
        calendar=calendar_figures(node),
    )
