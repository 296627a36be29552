"""The worker's metrics, made from the catalogue."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

import prometheus_client as prometheus
from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest

from streams.metrics import CATALOGUE
from streams.records import AlertState, FlowState
from streams.rules import SEVERITIES

PREFIX = "bordertally_"
PER_FLOW = (
    "flow_daily_rate_people",
    "flow_baseline_people",
    "flow_threshold_people",
    "flow_last_day_timestamp_seconds",
)


class Metrics:
    """One registry with every family of the catalogue; `metrics["reports_total"]` is the family.

    Families named in `absent` are kept and not shown: a worker without a hop has nothing to say of it.
    """

    def __init__(self, flow_limit: int, absent: frozenset[str] = frozenset()) -> None:
        self.registry = CollectorRegistry()
        self._families: dict[str, Any] = {}
        self._flow_limit = flow_limit
        self._flows: dict[str, tuple[float | None, ...]] = {}
        for one in CATALOGUE:
            name = one.name.removeprefix(PREFIX)
            registry = None if name in absent else self.registry
            if one.kind == "histogram":
                family: Any = Histogram(
                    one.name, one.meaning, one.labels, registry=registry, buckets=[*one.buckets, float("inf")]
                )
            else:
                kind = prometheus.Counter if one.kind == "counter" else Gauge
                family = kind(one.name, one.meaning, one.labels, registry=registry)
            self._families[name] = family
        self.show_open(Counter())
        for state in AlertState:
            self["alerts_total"].labels(state.value)

    def __getitem__(self, name: str) -> Any:
        return self._families[name]

    def show_flow(self, state: FlowState) -> None:
        """Rate, baseline and threshold of a flow; flows beyond the limit get none. The newest is shown when asked for.

        One that has no rate yet is not shown.
        """
        if state.rate is not None and (state.flow in self._flows or len(self._flows) < self._flow_limit):
            level = state.baseline
            self._flows[state.flow] = (
                state.rate,
                None if level is None else level.expected,
                None if level is None else level.threshold,
                None if state.rate_day is None else datetime.fromisoformat(f"{state.rate_day}T00:00Z").timestamp(),
            )

    def forget_flows(self) -> None:
        """Drop the series of all flows: other workers show them now."""
        self._flows.clear()

    def _put_flows(self) -> None:
        for index, name in enumerate(PER_FLOW):
            self[name].clear()
            for flow, values in self._flows.items():
                if (value := values[index]) is not None:
                    self[name].labels(flow).set(value)

    def show_open(self, by_severity: Counter[str]) -> None:
        """How many alerts are open, by severity."""
        for severity in SEVERITIES:
            self["open_alerts"].labels(severity).set(by_severity[severity])

    def exposition(self) -> bytes:
        """The text that /metrics answers with."""
        self._put_flows()
        return generate_latest(self.registry)
