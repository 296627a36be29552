"""What /metrics of a running worker shows is the catalogue: names, kinds, labels, and no more series than it says."""

from __future__ import annotations

import re
import time
from collections import Counter
from importlib import resources
from pathlib import Path

from prometheus_client import Metric as Family
from prometheus_client.parser import text_string_to_metric_families

from bordertally.agents.demo.run import sample
from bordertally.agents.kafka.producer import Record
from bordertally.agents.kafka.topics import partition_counts  # noqa: F401
from bordertally.agents.servers.process import Server
from bordertally.streams.delivery.metrics import CATALOGUE, most_series
from bordertally.streams.settings import Hop
from live import Live, page, pure, until

RUNNING = (Hop.INTAKE, Hop.LEDGER, Hop.ALERTS, Hop.DELIVERY)
SHOWN = {
    metric.name.removesuffix("_total"): metric for metric in CATALOGUE if metric.part in ("process", "worker", *RUNNING)
}

SAMPLE_REFUSED = 3
"""Reports of the sample that are bad on purpose."""


def families(server: Server) -> dict[str, Family]:
    text = page(server.port, "/metrics")
    return {family.name: family for family in text_string_to_metric_families(text)}


def value(metrics: dict[str, Family], name: str, **labels: str) -> float | None:
    """The value of a series; None where there is none."""
    for sample_ in metrics[re.sub("_(total|count)$", "", name)].samples:
        if sample_.name == name and sample_.labels == labels:
            return float(sample_.value)
    return None


async def test_a_live_worker_shows_the_catalogue_and_nothing_else(live: Live, tmp_path: Path) -> None:
    registry = resources.files("bordertally.agents.demo").joinpath("sources.toml").read_text(encoding="utf-8")
    sources = tmp_path / "sources.toml"
    sources.write_text(registry.replace("[sources.kz-mia]\n", '[sources.kz-mia]\nevery = "P1D"\n'), encoding="utf-8")
    worker = live.worker(
        BORDERTALLY_HOPS=",".join(RUNNING), BORDERTALLY_FLOW_METRICS="12", BORDERTALLY_SOURCES=str(sources)
    )
    topics = live.topics
    reports = sample()
    reports[-1] = reports[-1].strip()[:-1] + b', "remark": "an unknown field"}'
    await live.publish(reports)
    refused = [b'{"source": "kz-mia"', b'{"source": "ge-mia", "id": 5}', b'{"source": "nobody", "id": "x"}', b"[" * 5]
    await live.send([Record(topics.every_report[0], None, raw) for raw in refused])
    await live.shows(pure(reports))
    await live.shows_alerts(pure(reports))

    async def counted() -> bool:
        metrics = families(worker)
        outcomes = Counter({sample.labels["outcome"]: 0 for sample in metrics["bordertally_reports"].samples})
        for reported in metrics["bordertally_reports"].samples:
            outcomes[reported.labels["outcome"]] += int(reported.value)
        hops = {sample.labels["hop"] for sample in metrics["bordertally_consumer_lag_records"].samples}
        wanted = {"accepted": len(reports) - SAMPLE_REFUSED, "rejected": len(refused) + SAMPLE_REFUSED}
        return outcomes == wanted and hops >= set(RUNNING)

    await until(counted, "the refused are counted and the lag measured")
    shown = families(worker)
    ours = {name: family for name, family in shown.items() if not name.startswith("process_")}
    assert set(ours) == set(SHOWN)
    for name, family in ours.items():
        wanted = SHOWN[name]
        assert family.type == wanted.kind
        assert family.documentation == wanted.meaning
        assert family.samples, name
        for item in family.samples:
            assert set(item.labels) - {"le"} == set(wanted.labels), item
            for label, values in wanted.values.items():
                assert item.labels[label] in values, item
    sizes = {
        "topic": 5,
        "partition": 4,
        "source": len(live.registry.sources) + 1,
        "flow": 12 + 1,
        "version": 1,
        "sources": 1,
        "rules": 1,
    }
    for name, family in ours.items():
        assert len(family.samples) <= SHOWN[name].series(sizes), name

    # and the figures are right
    by_source = shown["bordertally_source_reports"].samples
    taken = sum(sample.value for sample in by_source if sample.labels["outcome"] == "accepted")
    assert taken == len(reports) - SAMPLE_REFUSED
    for source, number in (("kz-mia", None), ("ge-mia", 1.0), ("(unknown)", 4.0)):
        assert value(shown, "bordertally_source_reports_total", source=source, outcome="rejected") == number
    assert value(shown, "bordertally_source_expected_interval_seconds", source="kz-mia") == 86_400
    published = value(shown, "bordertally_source_last_published_timestamp_seconds", source="kz-mia")
    assert published is not None
    assert 1_660_000_000 < published < time.time()
    assert value(shown, "bordertally_flow_week_people", flow="RU", bound="best") == 217_000
    assert value(shown, "bordertally_flow_week_people", flow="RU", bound="low") == 196_929
    assert value(shown, "bordertally_flow_week_people", flow="RU", bound="high") is None
    assert value(shown, "bordertally_redis_up") == 1
    assert value(shown, "bordertally_ready", hop="ledger") == 1
    assert (value(shown, "bordertally_rebalances_total", hop="ledger") or 0) >= 1
    assert (value(shown, "bordertally_recovery_seconds_count") or 0) >= 1
    assert (value(shown, "bordertally_published_to_alert_seconds_count") or 0) >= 1
    assert re.match(r"\d", shown["bordertally_build_info"].samples[0].labels["version"])


async def test_when_a_source_last_spoke_is_known_again_after_a_restart(live_on_kafka: Live) -> None:
    live = live_on_kafka
    worker = live.worker()
    await live.publish(sample())
    await live.shows(pure(sample()))
    name = "bordertally_source_last_published_timestamp_seconds"
    before = {sample.labels["source"]: sample.value for sample in families(worker)[name].samples}
    worker.stop()
    again = live.worker()
    assert {sample.labels["source"]: sample.value for sample in families(again)[name].samples} == before


def test_the_bound_on_series_grows_with_sources_partitions_and_flows() -> None:
    base = most_series(0, 0, 0)
    assert base < most_series(1, 0, 0) < most_series(100, 0, 0)
    assert base < most_series(0, 1, 0)
    assert most_series(100, 8, 200) < 3_200
