"""The metrics of a process, made from the catalogue."""

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
# Without the times of creation: a series more for each, which rate() has no use for.
prometheus.disable_created_metrics()  # type: ignore[no-untyped-call]
BY_PART = ("hop", "table")
"""Labels whose values are parts: only those that run here begin at 0."""

ONCE_READ = "file"
"""A label whose values begin when there is such a file here: at 0 it would be one that could not be taken."""


@cache
def installed_version() -> str:
    """The version of bordertally that runs."""
    try:
        return version("bordertally")
    except PackageNotFoundError:  # run from a folder, not installed
        return "unknown"


class Metrics:
    """One registry with every family that the parts of this process show; `metrics["reports_total"]` is a family.

    Families of parts that do not run here are kept and not shown: there is nothing to say of them. `flow_limit`: how
    many flows get series of their own. Native histograms are not to be had of the client; buckets are in the catalogue.
    """

    def __init__(self, flow_limit: int, parts: Iterable[Part] = ("worker", *Hop)) -> None:
        self.registry = CollectorRegistry()
        self.parts = frozenset({"process", *(str(part) for part in parts)})
        self.flows = FlowFigures(flow_limit)
        self._heard: dict[str, int] = {}
        self._families: dict[str, Any] = {}
        for one in CATALOGUE:
            shown = str(one.part) in self.parts
            family = self._families[one.name.removeprefix(PREFIX)] = _make(one, self.registry if shown else None)
            if one.labels and not one.open_labels and ONCE_READ not in one.labels:
                for values in product(*(self._begun(one, label) for label in one.labels)):
                    family.labels(*values)
        self["build_info"].labels(installed_version()).set(1)
        ProcessCollector(registry=self.registry)

    def _begun(self, one: Metric, label: str) -> list[str]:
        return [str(value) for value in one.values[label] if label not in BY_PART or value in self.parts]

    def __getitem__(self, name: str) -> Any:
        return self._families[name]

    def show_flow(self, state: FlowState) -> None:
        """The newest figures of a flow; they are put into series when asked for."""
        self.flows.update(state)

    def forget_flows(self) -> None:
        """Drop the series of all flows: other workers show them now."""
        self.flows.clear()

    def show_heard(self, heard: Mapping[str, int]) -> None:
        """When the newest claim of each source was published, in microseconds since 1970 UTC; put into series later."""
        self._heard.update(heard)

    def show_expected(self, every: Mapping[str, int]) -> None:
        """Seconds within which each source that says so is expected; others have no series."""
        family = self["source_expected_interval_seconds"]
        family.clear()
        for source, seconds in every.items():
            family.labels(source).set(seconds)

    def show_reload(self, file: str, *, well: bool) -> None:
        """A configuration file was read (at start, or again), or could not be taken."""
        self["config_last_reload_successful"].labels(file).set(well)
        if well:
            self["config_last_reload_success_timestamp_seconds"].labels(file).set_to_current_time()

    def show_open(self, by_severity: Counter[str]) -> None:
        """How many alerts are open, by severity."""
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

    def exposition(self) -> bytes:
        """The text that /metrics answers with."""
        self._put_flows()
        for source, published in self._heard.items():
            self["source_last_published_timestamp_seconds"].labels(source).set(published / MICRO)
        return generate_latest(self.registry)


def _make(one: Metric, registry: CollectorRegistry | None) -> Any:
    if one.kind == "histogram":
        return Histogram(one.name, one.meaning, one.labels, registry=registry, buckets=[*one.buckets, float("inf")])
    kind = prometheus.Counter if one.kind == "counter" else Gauge
    return kind(one.name, one.meaning, one.labels, registry=registry)
