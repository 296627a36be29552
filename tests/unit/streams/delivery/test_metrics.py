"""The catalogue of metrics keeps Prometheus' conventions, and every label is bounded."""

from __future__ import annotations

import re

import pytest

from bordertally.agents.runtime.metrics import Metrics
from bordertally.streams.delivery.metrics import CATALOGUE, OPEN, Metric
from bordertally.streams.settings import Hop


@pytest.mark.parametrize("metric", CATALOGUE, ids=lambda metric: metric.name)
def test_names_follow_the_conventions(metric: Metric) -> None:
    assert re.fullmatch(r"bordertally_[a-z0-9_]+", metric.name)
    assert metric.name.endswith("_total") == (metric.kind == "counter")
    assert "milli" not in metric.name
    assert metric.meaning.endswith(".")
    assert bool(metric.buckets) == (metric.kind == "histogram")
    assert list(metric.buckets) == sorted(metric.buckets)


@pytest.mark.parametrize("metric", CATALOGUE, ids=lambda metric: metric.name)
def test_every_label_is_a_closed_set_or_bounded(metric: Metric) -> None:
    assert set(metric.values) <= set(metric.labels)
    assert set(metric.open_labels) <= set(OPEN)
    assert metric.bound


def test_names_are_unique() -> None:
    assert len({metric.name for metric in CATALOGUE}) == len(CATALOGUE)


def test_counts_of_series() -> None:
    sizes = {"topic": 3, "source": 4}
    assert Metric("a_total", "counter", (), "A.").series(sizes) == 1
    assert Metric("a", "gauge", ("source", "x"), "A.", values={"x": ("1", "2")}).series(sizes) == 8
    assert Metric("a", "histogram", (), "A.", (1.0, 2.0)).series(sizes) == 5


def test_closed_sets_begin_at_zero_and_parts_that_do_not_run_here_show_nothing() -> None:
    text = Metrics(5, ("worker", Hop.ALERTS)).exposition().decode()
    assert 'bordertally_alerts_total{state="withdrawn"} 0.0' in text
    assert 'bordertally_rebalances_total{hop="alerts"} 0.0' in text
    assert 'hop="ledger"' not in text
    assert "bordertally_redis_up" not in text
    assert "bordertally_claims_total" not in text
    assert "_created" not in text
