"""The catalogue of metrics: name, kind, unit in the name, labels, meaning. Docs and code are made from it."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Metric(NamedTuple):
    """One metric family, after Prometheus' naming conventions (base units, `_total` for counters)."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    meaning: str
    buckets: tuple[float, ...] = ()


_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
_SIZES = (1, 10, 100, 1_000, 10_000, 100_000)

CATALOGUE = (
    Metric("bordertally_reports_total", "counter", ("topic", "outcome"), "Reports read: accepted or rejected."),
    Metric("bordertally_rejects_total", "counter", ("reason",), "Reports refused, by reason."),
    Metric("bordertally_source_refused_share", "gauge", ("source",), "Of a source's recent reports, those refused."),
    Metric("bordertally_source_fuse_blown", "gauge", ("source",), "1 while too large a share of them is refused."),
    Metric(
        "bordertally_statement_claims_total", "counter", ("outcome",), "Claims found in words: certain, or for review."
    ),
    Metric("bordertally_claims_sent_total", "counter", (), "Claims passed on by the intake."),
    Metric("bordertally_claims_total", "counter", ("outcome",), "Claims in the ledger: new, correction, ..."),
    Metric("bordertally_batch_reports", "histogram", (), "Reports in one intake batch.", _SIZES),
    Metric("bordertally_states_sent_total", "counter", (), "States of flows sent on `totals` by the ledger."),
    Metric("bordertally_states_read_total", "counter", (), "States of flows worked through by the alerts hop."),
    Metric("bordertally_totals_seconds", "histogram", (), "Kafka timestamp of claims to totals sent.", _SECONDS),
    Metric("bordertally_alerts_total", "counter", ("state",), "Alert records sent, by state."),
    Metric("bordertally_open_alerts", "gauge", ("severity",), "Alerts open now on this worker's flows."),
    Metric("bordertally_flow_daily_rate_people", "gauge", ("flow",), "People on the latest covered day."),
    Metric("bordertally_flow_baseline_people", "gauge", ("flow",), "People a day expected; absent without a baseline."),
    Metric("bordertally_flow_threshold_people", "gauge", ("flow",), "People a day above which an alert opens."),
    Metric(
        "bordertally_flow_last_day_timestamp_seconds",
        "gauge",
        ("flow",),
        "The latest day that a claim covers, as its first second UTC: what stands still when everybody is silent.",
    ),
    Metric(
        "bordertally_consumer_lag_records", "gauge", ("hop", "topic", "partition"), "Records not yet worked through."
    ),
    Metric("bordertally_ledger_flows", "gauge", (), "Flows in this worker's ledgers."),
    Metric("bordertally_redis_up", "gauge", (), "1 while the serving view in Redis can be written."),
    Metric("bordertally_delivered_total", "counter", ("topic",), "Records written to Redis."),
    Metric(
        "bordertally_webhook_attempts_total",
        "counter",
        ("subscription", "verdict"),
        "Tries to deliver an event: delivered, failed, given_up, gone.",
    ),
    Metric("bordertally_webhook_seconds", "histogram", (), "Alert record written to event delivered.", _SECONDS),
    Metric(
        "bordertally_webhook_waiting_events", "gauge", ("subscription",), "Events not yet delivered that wait here."
    ),
    Metric("bordertally_webhook_disabled", "gauge", ("subscription",), "1 while a subscription is switched off."),
    Metric("bordertally_alertmanager_up", "gauge", ("target",), "1 while this Alertmanager takes alerts."),
    Metric("bordertally_alertmanager_alerts", "gauge", ("state",), "Alerts kept firing or resolved there."),
    Metric("bordertally_alertmanager_sent_total", "counter", ("target", "outcome"), "Alerts sent: accepted, failed."),
)
