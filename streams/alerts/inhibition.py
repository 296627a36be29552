"""Inhibition: an alert is muted while another alert of the same rule tells of the same people.

With `inhibit` on for its flow, an alert is inhibited from above: by an alert on a flow above. Otherwise it is inhibited
from below: by an alert on one flow below that carries most of its excess. A destination is above its corridors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, Protocol, TypeVar

from bordertally.streams.alerts.records import AlertState
from bordertally.streams.detection.registry import rule_of
from bordertally.streams.flows import adds_to
from bordertally.streams.rules.config import SEVERITIES, Rules

MOST = 0.9
"""The share of the excess of an alert that one flow below must carry."""


class Notice(Protocol):
    """The fields of an alert that decide whether it is muted."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def flow(self) -> str: ...  # noqa: D102
    @property
    def rule(self) -> str: ...  # noqa: D102
    @property
    def state(self) -> AlertState: ...  # noqa: D102
    @property
    def severity(self) -> str: ...  # noqa: D102
    @property
    def rate(self) -> int: ...  # noqa: D102
    @property
    def expected(self) -> int: ...  # noqa: D102
    @property
    def backfill(self) -> bool: ...  # noqa: D102


N = TypeVar("N", bound=Notice)


class OpenAlerts(Generic[N]):
    """The open alerts, from the records on `alerts`: a later record of an alert replaces the earlier one."""

    def __init__(self, alerts: Iterable[N] = ()) -> None:
        self.by_id: dict[str, N] = {}
        self._from: dict[tuple[str, str], dict[str, N]] = {}  # by rule and flow, those on the flow and below it
        for alert in alerts:
            self.apply(alert)

    def apply(self, alert: N) -> None:
        """Apply a record on `alerts`."""
        for flow in (*adds_to(alert.flow), alert.flow):
            place = self._from.setdefault((alert.rule, flow), {})
            if alert.state.is_open:
                place[alert.id] = alert
            else:
                place.pop(alert.id, None)
            if not place:
                del self._from[alert.rule, flow]
        if alert.state.is_open:
            self.by_id[alert.id] = alert
        else:
            self.by_id.pop(alert.id, None)

    def above(self, alert: Notice) -> list[N]:
        """The open alerts of the same rule on flows above."""
        return [
            other
            for flow in adds_to(alert.flow)
            for other in self._from.get((alert.rule, flow), {}).values()
            if other.flow == flow
        ]

    def below(self, alert: Notice) -> list[N]:
        """The open alerts of the same rule on flows below."""
        known = self._from.get((alert.rule, alert.flow), {})
        return [other for other in known.values() if other.flow != alert.flow]


def never(_: Notice) -> bool:
    """Whether an alert is silenced, where there are no silences."""
    return False


def inhibited(
    alert: Notice, open_alerts: OpenAlerts[N], rules: Rules, silenced: Callable[[Notice], bool] = never
) -> str | None:
    """The id of the alert that inhibits an alert; None without any. `silenced`: whether a silence mutes an alert.

    It is open, of the same rule, and at least as severe. From above: that on the nearest flow. From below: that with
    the largest excess (rate - expected), if it carries 90 % of the alert's, and people are notified of it: it is
    neither silenced, nor inhibited itself, nor a backfill. Only rules whose rates add up are inhibited from below.
    """
    if rules.of(alert.flow).detection.inhibit:
        above = [other for other in open_alerts.above(alert) if _as_severe(other, alert)]
        return min(above, key=lambda other: (-len(other.flow), other.id)).id if above else None
    excess = alert.rate - alert.expected
    if not excess or not rule_of(alert.rule).adds_up:
        return None
    carrying = [
        other
        for other in open_alerts.below(alert)
        if _as_severe(other, alert)
        and (other.rate - other.expected) / excess >= MOST
        and not (other.backfill or silenced(other) or inhibited(other, open_alerts, rules, silenced) is not None)
    ]
    return min(carrying, key=lambda other: (-abs(other.rate - other.expected), other.id)).id if carrying else None


def _as_severe(other: Notice, alert: Notice) -> bool:
    return SEVERITIES.index(other.severity) >= SEVERITIES.index(alert.severity)
