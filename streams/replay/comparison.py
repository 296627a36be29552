"""Comparison of a running pipeline with a replay of its reports: where the states and alerts of a flow differ."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import zip_longest

import msgspec

from bordertally.streams.alerts.records import Alert, AlertState
from bordertally.streams.totals.records import FlowState, Total
from bordertally.streams.totals.windows import longest_window, window_name

MEANING = ("flow", "rule", "since", "until", "severity", "peak_day", "peak_rate")
"""The fields of an alert that depend on the set of reports alone, not on their order or batches."""


def settled(state: FlowState) -> FlowState:
    """A state without the days that only its batch bore on: older ones, and those of which nothing is known now."""
    as_of = max((total.as_of for total in state.totals), default="")
    first = (date.fromisoformat(as_of) - timedelta(days=longest_window())).isoformat() if as_of else "~"
    known = [day for day in state.days if day.day >= first and (day.low, day.best, day.high) != (0, 0, None)]
    return msgspec.structs.replace(state, days=known)


def state_difference(wanted: FlowState | None, state: FlowState | None) -> str | None:
    """How the newest state of a flow differs from that of a replay; None where the two are equal."""
    if state is not None and state.gone:  # its claims count on another flow
        state = None
    if state is None or wanted is None:
        return None if state is wanted else "is missing" if state is None else "has no reports"
    wanted, state = settled(wanted), settled(state)
    if wanted == state:
        return None
    for total, right in zip_longest(state.totals, wanted.totals):
        if total != right:
            window = window_name((total or right).window_days)
            return f"{window} is {_figures(total)}, the reports come to {_figures(right)}"
    fields = [name for name in state.__struct_fields__ if getattr(state, name) != getattr(wanted, name)]
    return f"{', '.join(fields)} {'differs' if len(fields) == 1 else 'differ'} from what the reports come to"


def _figures(total: Total | None) -> str:
    if total is None:
        return "nothing"
    high = "open" if total.high is None else f"{total.high:,}"
    return f"{total.best:,} [{total.low:,}, {high}] as of {total.as_of}"


def meanings(alerts: Iterable[Alert]) -> set[tuple[object, ...]]:
    """What alert records come down to: the meaning of the newest record of each alert that is not withdrawn."""
    newest: dict[str, Alert] = {}
    for alert in alerts:
        if alert.id not in newest or newest[alert.id].seq < alert.seq:
            newest[alert.id] = alert
    return {
        tuple(getattr(alert, name) for name in MEANING)
        for alert in newest.values()
        if alert.state is not AlertState.WITHDRAWN
    }


def alert_differences(wanted: set[tuple[object, ...]], alerts: set[tuple[object, ...]]) -> list[tuple[str, str]]:
    """Flow and sentence of each alert that differs. Arguments: meanings of a replay, and of the running pipeline."""
    missing = [(str(alert[0]), f"alert is missing: {_in_words(alert)}") for alert in wanted - alerts]
    return sorted(
        missing + [(str(each[0]), f"alert is not of the reports: {_in_words(each)}") for each in alerts - wanted]
    )


def _in_words(meaning: tuple[object, ...]) -> str:
    _, *values = meaning
    return ", ".join(f"{name} {value}" for name, value in zip(MEANING[1:], values, strict=True) if value is not None)
