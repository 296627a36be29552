"""The catalogue of metrics: name, kind, unit in the name, labels, meaning. Docs and code are made from it."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Literal, NamedTuple

from bordertally.streams.alerts.records import AlertState
from bordertally.streams.delivery.stream_position import KINDS
from bordertally.streams.errors import Reason
from bordertally.streams.ledger.versions import Outcome
from bordertally.streams.reports.notices import NoticeKind
from bordertally.streams.rules.config import SEVERITIES
from bordertally.streams.settings import Hop
from bordertally.streams.totals.windows import WEEK

Part = Hop | Literal["process", "worker", "gateway"]
"""Where a metric is shown: by one hop of a worker, by any worker, by a gateway, or by any process."""

OTHER = "other"
"""The flow label for the sum of the flows beyond the limit."""

NOBODY = "(unknown)"
"""The source label for reports whose source is not in the registry."""

ELSEWHERE = "(other)"
"""The route label for requests to unknown paths."""

ROUTES = (
    "/",
    "/board",
    "/desk",
    "/flow",
    "/alert",
    "/report",
    "/embed",
    "/unsubscribe",
    "/v1/about",
    "/v1/places",
    "/v1/imports",
    "/v1/flows",
    "/v1/totals",
    "/v1/days",
    "/v1/periods",
    "/v1/alerts",
    "/v1/alerts/{id}",
    "/v1/alerts/{id}.cap",
    "/v1/evidence",
    "/v1/sources",
    "/v1/silences",
    "/v1/silences/{id}",
    "/v1/silences/preview",
    "/v1/alerts/{id}/acknowledgements",
    "/v1/review",
    "/v1/review/{id}",
    "/v1/stream",
    "/v1/reports",
    "/v1/openapi.json",
    "/alerts.atom",
    "/healthz",
    "/readyz",
    "/metrics",
    ELSEWHERE,
)
"""The route labels of the gateway."""


class Metric(NamedTuple):
    """One metric family, after Prometheus' naming conventions (base units, `_total` for counters).

    `part`: where it is shown. `values`: all values of each label with a closed set; their series exist from the start,
    at 0 (of hops and tables only those of the process).
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    meaning: str
    buckets: tuple[float, ...] = ()
    part: Part = "worker"
    values: Mapping[str, tuple[str, ...]] = {}

    @property
    def open_labels(self) -> tuple[str, ...]:
        """The labels without a closed set of values; OPEN says what bounds them."""
        return tuple(label for label in self.labels if label not in self.values)

    def series(self, sizes: Mapping[str, int]) -> int:
        """The most series of one process. `sizes`: the most values of each open label."""
        each = len(self.buckets) + 3 if self.kind == "histogram" else 1  # +Inf, sum and count
        numbers = (len(self.values[label]) if label in self.values else sizes[label] for label in self.labels)
        return each * prod(numbers)

    @property
    def bound(self) -> str:
        """The most label values, in words."""
        known = prod(len(each) for each in self.values.values())
        words = [OPEN[label] for label in self.open_labels]
        return " x ".join([str(known)] * (known > 1 or not words) + words)


OPEN = {
    "topic": "topics",
    "partition": "partitions",
    "source": "(sources + 1)",
    "flow": "(flows + 1)",
    "version": "1",
    "sources": "1",
    "rules": "1",
    "subscription": "subscriptions",
    "target": "Alertmanagers",
    "status": "statuses",
}
"""What bounds the values of each label without a closed set."""

_FAST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
_SLOW = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0, 3600.0, 21600.0, 86400.0)
_ANSWERS = (0.005, 0.025, 0.1, 0.5, 2.5, 10.0)
_PAUSES = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
_SIZES = (1, 10, 100, 1_000, 10_000, 100_000)

_REPORT_OUTCOMES = {"outcome": ("accepted", "rejected")}
_HOPS = {"hop": tuple(hop.value for hop in Hop)}
_READERS = {"hop": (*_HOPS["hop"], "evidence")}  # evidence: the delivery hop's reader of ledger rows
_TABLES = {"table": ("ledger", "alerts")}
_FILES = {"file": ("sources", "rules", "webhooks")}

CATALOGUE = (
    # --- the process
    Metric("bordertally_build_info", "gauge", ("version",), "Always 1; the version that runs.", part="process"),
    Metric(
        "bordertally_config_info",
        "gauge",
        ("sources", "rules"),
        "Always 1; digests of the source registry and the rules in force. All workers and gateways must have the same.",
        part="process",
    ),
    Metric(
        "bordertally_config_last_reload_successful",
        "gauge",
        ("file",),
        "1 if the file was loaded when it last changed; 0 if the changed file could not be loaded.",
        part="process",
        values=_FILES,
    ),
    Metric(
        "bordertally_config_last_reload_success_timestamp_seconds",
        "gauge",
        ("file",),
        "Time at which the file was last loaded.",
        part="process",
        values=_FILES,
    ),
    Metric(
        "bordertally_ready",
        "gauge",
        ("hop",),
        "1 while the hop has its partitions and has read its tables; only for hops of this worker.",
        values=_HOPS,
    ),
    Metric("bordertally_producing", "gauge", (), "1 while the broker acknowledges the records of this worker."),
    Metric(
        "bordertally_rebalances_total",
        "counter",
        ("hop",),
        "Rebalances of the hop; ledger and alerts share their rebalances.",
        values=_READERS,
    ),
    Metric(
        "bordertally_recovery_seconds",
        "histogram",
        (),
        "Time from the start of a rebalance of ledger and alerts until both have read their tables and process events.",
        _PAUSES,
    ),
    Metric(
        "bordertally_consumer_lag_records",
        "gauge",
        ("hop", "topic", "partition"),
        "Records not yet processed.",
        values=_READERS,
    ),
    Metric(
        "bordertally_lost_records_total",
        "counter",
        ("hop", "topic"),
        "Records that the broker removed before the hop read them (offsets skipped).",
        values=_READERS,
    ),
    Metric(
        "bordertally_position_resets_total",
        "counter",
        ("hop", "topic"),
        "How often the broker no longer had the position of the hop: records were removed, or the topic was made anew.",
        values=_READERS,
    ),
    Metric(
        "bordertally_unreadable_records_total",
        "counter",
        ("hop",),
        "Records on internal topics that the hop could not read and skipped.",
        values=_READERS,
    ),
    Metric(
        "bordertally_clock_ahead_seconds",
        "gauge",
        (),
        "Seconds by which the clock of the worker is ahead of the broker's; negative if it is behind.",
    ),
    Metric(
        "bordertally_topic_faults",
        "gauge",
        (),
        "Topics of the pipeline that are missing or have another number of partitions than the setting.",
    ),
    # --- intake
    Metric(
        "bordertally_reports_total",
        "counter",
        ("topic", "outcome"),
        "Reports read: accepted or rejected.",
        part=Hop.INTAKE,
        values=_REPORT_OUTCOMES,
    ),
    Metric(
        "bordertally_source_reports_total",
        "counter",
        ("source", "outcome"),
        f"Reports read, by source; `{NOBODY}` stands for all sources that are not in the registry.",
        part=Hop.INTAKE,
        values=_REPORT_OUTCOMES,
    ),
    Metric(
        "bordertally_source_notices_total",
        "counter",
        ("source", "notice"),
        "Accepted reports of a source in which something was not as the source may think, by what it was: "
        "see [report](report.md#notices).",
        values={"notice": tuple(NoticeKind)},
    ),
    Metric(
        "bordertally_rejects_total",
        "counter",
        ("reason",),
        "Reports refused, by reason.",
        part=Hop.INTAKE,
        values={"reason": tuple(Reason)},
    ),
    Metric(
        "bordertally_source_refused_share",
        "gauge",
        ("source",),
        "Share of a source's recent reports that were refused.",
        part=Hop.INTAKE,
    ),
    Metric(
        "bordertally_source_fuse_blown",
        "gauge",
        ("source",),
        "1 while the refused share of a source is above the limit.",
        part=Hop.INTAKE,
    ),
    Metric(
        "bordertally_statement_claims_total",
        "counter",
        ("outcome",),
        "Claims found in statements: certain, or sent to the review.",
        part=Hop.INTAKE,
        values={"outcome": ("certain", "review")},
    ),
    Metric("bordertally_claims_sent_total", "counter", (), "Claims sent by the intake.", part=Hop.INTAKE),
    Metric("bordertally_batch_reports", "histogram", (), "Reports in one intake batch.", _SIZES, Hop.INTAKE),
    Metric(
        "bordertally_intake_seconds",
        "histogram",
        (),
        "Time from the Kafka timestamp of the oldest report of a batch and partition to its acknowledged claims.",
        _FAST,
        Hop.INTAKE,
    ),
    # --- ledger
    Metric(
        "bordertally_claims_total",
        "counter",
        ("outcome",),
        "Claims read by the ledger, by outcome.",
        part=Hop.LEDGER,
        values={"outcome": tuple(Outcome)},
    ),
    Metric("bordertally_batch_claims", "histogram", (), "Claims in one ledger batch.", _SIZES, Hop.LEDGER),
    Metric("bordertally_states_sent_total", "counter", (), "Flow states sent on `totals`.", part=Hop.LEDGER),
    Metric(
        "bordertally_totals_seconds",
        "histogram",
        (),
        "Time from the Kafka timestamp of the oldest report of a batch until its totals are acknowledged.",
        _FAST,
        Hop.LEDGER,
    ),
    Metric("bordertally_ledger_flows", "gauge", (), "Flows in this worker's ledgers.", part=Hop.LEDGER),
    Metric(
        "bordertally_ledger_doubled_periods",
        "gauge",
        (),
        "Periods for which a source reports different figures under several names of one place; they are added up.",
        part=Hop.LEDGER,
    ),
    Metric(
        "bordertally_conflicts",
        "gauge",
        (),
        "Claims on this worker's flows that cannot hold beside more trusted claims.",
        part=Hop.LEDGER,
    ),
    Metric(
        "bordertally_unlikely_claims",
        "gauge",
        (),
        "Claims on this worker's flows far above anything known of the flow, and not confirmed.",
        part=Hop.LEDGER,
    ),
    Metric(
        "bordertally_table_rows",
        "gauge",
        ("table",),
        "Rows of a table in memory, including rows of partitions that other workers have taken over.",
        values=_TABLES,
    ),
    Metric(
        "bordertally_source_last_published_timestamp_seconds",
        "gauge",
        ("source",),
        "Time at which the newest claim of a source was published; restored after a restart.",
        part=Hop.LEDGER,
    ),
    Metric(
        "bordertally_source_expected_interval_seconds",
        "gauge",
        ("source",),
        "Longest expected time between two reports, for sources whose registry entry has `every`.",
        part=Hop.LEDGER,
    ),
    # --- flows
    Metric(
        "bordertally_flow_daily_rate_people",
        "gauge",
        ("flow",),
        "People on the latest covered day.",
        part=Hop.LEDGER,
    ),
    Metric(
        "bordertally_flow_baseline_people",
        "gauge",
        ("flow",),
        "Expected people a day; absent without a baseline.",
        part=Hop.LEDGER,
    ),
    Metric(
        "bordertally_flow_threshold_people",
        "gauge",
        ("flow",),
        "People a day above which an alert opens.",
        part=Hop.LEDGER,
    ),
    Metric(
        "bordertally_flow_week_people",
        "gauge",
        ("flow", "bound"),
        f"People of {WEEK} days: low, best, high; no `high` series where high is open.",
        part=Hop.LEDGER,
        values={"bound": ("low", "best", "high")},
    ),
    Metric(
        "bordertally_flow_week_relative_width_ratio",
        "gauge",
        ("flow",),
        f"Of {WEEK} days, (high - low) / best; absent where high is open.",
        part=Hop.LEDGER,
    ),
    Metric(
        "bordertally_flow_last_day_timestamp_seconds",
        "gauge",
        ("flow",),
        "First second (UTC) of the latest day that a claim covers; stops growing when no source reports.",
        part=Hop.LEDGER,
    ),
    # --- alerts
    Metric("bordertally_states_read_total", "counter", (), "Flow states processed by the alerts hop.", part=Hop.ALERTS),
    Metric(
        "bordertally_alerts_total",
        "counter",
        ("state",),
        "Alert records sent, by state.",
        part=Hop.ALERTS,
        values={"state": tuple(AlertState)},
    ),
    Metric(
        "bordertally_open_alerts",
        "gauge",
        ("severity",),
        "Open alerts on this worker's flows.",
        part=Hop.ALERTS,
        values={"severity": SEVERITIES},
    ),
    Metric(
        "bordertally_published_to_alert_seconds",
        "histogram",
        (),
        "Time from `published` of the newest report behind an alert record until the broker has stored the record.",
        _SLOW,
        Hop.ALERTS,
    ),
    # --- delivery
    Metric("bordertally_redis_up", "gauge", (), "1 while Redis accepts what the worker writes.", part=Hop.DELIVERY),
    Metric(
        "bordertally_view_timestamp_seconds",
        "gauge",
        (),
        "Time up to which the data that this worker writes to Redis is current; 0 until it is known.",
        part=Hop.DELIVERY,
    ),
    Metric(
        "bordertally_view_repairs_total",
        "counter",
        (),
        "Values in Redis that were missing or not what the topics say, and were put right.",
        part=Hop.DELIVERY,
    ),
    Metric("bordertally_delivered_total", "counter", ("topic",), "Records written to Redis.", part=Hop.DELIVERY),
    Metric(
        "bordertally_webhook_attempts_total",
        "counter",
        ("subscription", "verdict"),
        "Attempts to deliver an event, by verdict.",
        part=Hop.WEBHOOKS,
        values={"verdict": ("delivered", "failed", "given_up", "gone")},
    ),
    Metric(
        "bordertally_webhook_seconds",
        "histogram",
        (),
        "Time from the writing of an alert record until its delivery.",
        _FAST,
        Hop.WEBHOOKS,
    ),
    Metric(
        "bordertally_webhook_waiting_events",
        "gauge",
        ("subscription",),
        "Events that wait for delivery.",
        part=Hop.WEBHOOKS,
    ),
    Metric(
        "bordertally_webhook_disabled",
        "gauge",
        ("subscription",),
        "1 while a subscription is disabled.",
        part=Hop.WEBHOOKS,
    ),
    Metric(
        "bordertally_email_sent_total",
        "counter",
        ("kind", "outcome"),
        "E-mails: taken by the SMTP server, refused by it for good, or to be tried again.",
        part=Hop.EMAIL,
        values={"kind": ("alert", "digest"), "outcome": ("accepted", "refused", "failed")},
    ),
    Metric("bordertally_email_up", "gauge", (), "1 while the SMTP server takes e-mails.", part=Hop.EMAIL),
    Metric(
        "bordertally_alertmanager_up",
        "gauge",
        ("target",),
        "1 while this Alertmanager accepts alerts.",
        part=Hop.ALERTMANAGER,
    ),
    Metric(
        "bordertally_alertmanager_alerts",
        "gauge",
        ("state",),
        "Alerts that the hop keeps firing or resolved in Alertmanager.",
        part=Hop.ALERTMANAGER,
        values={"state": ("firing", "resolved")},
    ),
    Metric(
        "bordertally_alertmanager_sent_total",
        "counter",
        ("target", "outcome"),
        "Alerts sent to Alertmanager, by outcome.",
        part=Hop.ALERTMANAGER,
        values={"outcome": ("accepted", "failed")},
    ),
    # --- gateway
    Metric(
        "bordertally_gateway_requests_total",
        "counter",
        ("route", "status"),
        f"Responses, by HTTP status; `{ELSEWHERE}` stands for all unknown paths.",
        part="gateway",
        values={"route": ROUTES},
    ),
    Metric(
        "bordertally_gateway_request_seconds",
        "histogram",
        ("route",),
        "Time from a request until its response begins.",
        _ANSWERS,
        "gateway",
        values={"route": ROUTES},
    ),
    Metric(
        "bordertally_gateway_reports_total",
        "counter",
        ("outcome",),
        "Reports sent to the gateway: stored in Kafka, refused, over the rate limit, or not acknowledged by Kafka.",
        part="gateway",
        values={"outcome": ("accepted", "refused", "limited", "failed")},
    ),
    Metric("bordertally_stream_clients", "gauge", (), "Clients connected to the stream.", part="gateway"),
    Metric(
        "bordertally_stream_events_total",
        "counter",
        ("kind",),
        "Events sent, counted once per client.",
        part="gateway",
        values={"kind": KINDS},
    ),
    Metric(
        "bordertally_stream_cut_total",
        "counter",
        (),
        "Clients disconnected because they were too slow.",
        part="gateway",
    ),
)


def most_series(sources: int, partitions: int, flows: int) -> int:
    """The most series of a worker with the hops intake, ledger, alerts and delivery."""
    hops = (Hop.INTAKE, Hop.LEDGER, Hop.ALERTS, Hop.DELIVERY)
    topics_read = 3 + 1 + 1 + 2 + 1  # by intake, ledger, alerts, delivery, and delivery's reader of evidence
    sizes = {"topic": 0, "partition": 0, "source": sources + 1, "flow": flows + 1}
    sizes |= dict.fromkeys(("version", "sources", "rules"), 1)
    total = 0
    for metric in CATALOGUE:
        if metric.part not in ("process", "worker", *hops):
            continue
        if metric.name == "bordertally_consumer_lag_records":
            total += topics_read * partitions
        else:
            total += metric.series(sizes | {"topic": 3 if metric.name == "bordertally_reports_total" else 2})
    return total
