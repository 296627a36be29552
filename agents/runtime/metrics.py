"""The metrics of a process, created from the catalogue in streams/delivery/metrics.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from itertools import product
from typing import Any

import prometheus_client as prometheus
from prometheus_client import CollectorRegistry, Gauge, Histogram, ProcessCollector, generate_latest

from bordertally.streams.delivery.flow_series import FlowFigures
from bordertally.streams.delivery.metrics import CATALOGUE, Metric, Part
from bordertally.streams.moments import MICRO
from bordertally.streams.rules.config import SEVERITIES
from bordertally.streams.settings import Hop
from bordertally.streams.totals.records import FlowState

PREFIX = "bordertally_"
# The creation times would double the series, and rate() does not use them.
prometheus.disable_created_metrics()  # type: ignore[no-untyped-call]
BY_PART = ("hop", "table")
"""Labels whose values are hops or tables: only those of this process have a series from the start."""

ONCE_READ = "file"
"""A label whose series begin when the file is read: a 0 before that would say that reading failed."""


@cache
def installed_version() -> str:
    """The version of bordertally; "unknown" where it is not installed."""
    try:
        return version("bordertally")
    except PackageNotFoundError:
        return "unknown"


class Metrics:
    """The metric families of a process; `metrics["reports_total"]` is a family, named without `bordertally_`.

    Families of hops that do not run in this process can be set and are not exposed. `flow_limit`: how many flows have
    series of their own.
    """

    def __init__(self, flow_limit: int, parts: Iterable[Part] = ("worker", *Hop)) -> None:
        self.registry = CollectorRegistry()
        self.parts = frozenset({"process", *(str(part) for part in parts)})
        self.flows = FlowFigures(flow_limit)
        self._heard: dict[str, int] = {}
        self._families: dict[str, Any] = {}
        for metric in CATALOGUE:
            shown = str(metric.part) in self.parts
            family = self._families[metric.name.removeprefix(PREFIX)] = _make(metric, self.registry if shown else None)
            if metric.labels and not metric.open_labels and ONCE_READ not in metric.labels:
                for values in product(*(self._first_values(metric, label) for label in metric.labels)):
                    family.labels(*values)
        self["build_info"].labels(installed_version()).set(1)
        ProcessCollector(registry=self.registry)

    def _first_values(self, metric: Metric, label: str) -> list[str]:
        """The values of a label whose series exist from the start."""
        return [str(value) for value in metric.values[label] if label not in BY_PART or value in self.parts]

    def __getitem__(self, name: str) -> Any:
        return self._families[name]

    def show_flow(self, state: FlowState) -> None:
        """Keep the newest figures of a flow; they become series at the next exposition."""
        self.flows.update(state)

    def forget_flows(self) -> None:
        """Drop the series of all flows, which other workers may show now."""
        self.flows.clear()

    def show_heard(self, heard: Mapping[str, int]) -> None:
        """Keep when the newest claim of each source was published, in microseconds since 1970 UTC."""
        self._heard.update(heard)

    def show_expected(self, every: Mapping[str, int]) -> None:
        """Show the seconds within which each source must report; sources without a limit have no series."""
        family = self["source_expected_interval_seconds"]
        family.clear()
        for source, seconds in every.items():
            family.labels(source).set(seconds)

    def show_reload(self, file: str, *, well: bool) -> None:
        """Show that a configuration file was read, at the start or again, or that reading it failed."""
        self["config_last_reload_successful"].labels(file).set(well)
        if well:
            self["config_last_reload_success_timestamp_seconds"].labels(file).set_to_current_time()

    def show_config(self, sources: str, rules: str) -> None:
        """Show the digests of the source registry and the rules in force."""
        self["config_info"].clear()
        self["config_info"].labels(sources, rules).set(1)

    def show_open(self, by_severity: Counter[str]) -> None:
        """Show how many alerts are open, by severity."""
        for severity in SEVERITIES:
            self["open_alerts"].labels(severity).set(by_severity[severity])

    def _put_flows(self) -> None:
        rate, level = self["flow_daily_rate_people"], self["flow_baseline_people"]
        threshold, week = self["flow_threshold_people"], self["flow_week_people"]
        width = self["flow_week_relative_width_ratio"]
        last_day = self["flow_last_day_timestamp_seconds"]
        for family in (rate, level, threshold, week, width, last_day):
            family.clear()
        for flow, figures in self.flows.shown():
            for family, labels, value in (
                (rate, (flow,), figures.rate),
                (level, (flow,), figures.expected),
                (threshold, (flow,), figures.threshold),
                (week, (flow, "low"), figures.low),
                (week, (flow, "best"), figures.best),
                (week, (flow, "high"), figures.high),
                (width, (flow,), figures.width),
                (last_day, (flow,), figures.last_day),
            ):
                if value is not None:
                    family.labels(*labels).set(value)
        self["conflicts"].set(self.flows.conflicts)
        self["unlikely_claims"].set(self.flows.unlikely)

    def exposition(self) -> bytes:
        """The text of /metrics."""
        self._put_flows()
        for source, published in self._heard.items():
            self["source_last_published_timestamp_seconds"].labels(source).set(published / MICRO)
        return generate_latest(self.registry)


def _make(metric: Metric, registry: CollectorRegistry | None) -> Any:
    name, meaning, labels = metric.name, metric.meaning, metric.labels
    if metric.kind == "histogram":  # the client has no native histograms
        return Histogram(name, meaning, labels, registry=registry, buckets=[*metric.buckets, float("inf")])
    kind = prometheus.Counter if metric.kind == "counter" else Gauge
    return kind(name, meaning, labels, registry=registry)
