"""A worker that is asked to stop, on Apache Kafka: it finishes, commits, leaves, and nothing is done twice."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.consumer import AIOKafkaConsumer
from aiokafka.protocol.admin import DescribeGroupsRequest_v3, DescribeGroupsResponse_v3
from prometheus_client.parser import text_string_to_metric_families

from bordertally.agents.demo.run import sample
from bordertally.agents.servers.process import Server
from live import PARTITIONS, Live, hourly, page, pure, until

pytestmark = pytest.mark.kafka
ENOUGH = 40


def metric(worker: Server, name: str, **labels: str) -> float:
    """The sum of a metric's samples with these labels."""
    families = text_string_to_metric_families(page(worker.port, "/metrics"))
    samples = [sample for family in families for sample in family.samples if sample.name == name]
    return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())


async def committed(live: Live) -> dict[TopicPartition, int]:
    """The offsets that the groups of the pipeline have committed; a fresh partition counts 0."""
    admin = AIOKafkaAdminClient(bootstrap_servers=live.broker.address)
    await admin.start()
    try:
        name = live.environment["BORDERTALLY_APP_ID"]
        groups = [name, f"{name}-intake", f"{name}-delivery"]
        DescribeGroupsRequest_v3.RESPONSE_TYPE = (
            DescribeGroupsResponse_v3  # aiokafka 0.14 reads the answer as an older one
        )
        described = await admin.describe_consumer_groups(groups)
        members = {group[1]: group[5] for answer in described for group in answer.groups}
        assert members == {group: [] for group in groups}
        offsets: dict[TopicPartition, int] = {}
        for group in groups:
            for tp, position in (await admin.list_consumer_group_offsets(group)).items():
                offsets[tp] = min(position.offset, offsets.get(tp, position.offset))
        return offsets
    finally:
        await admin.close()


async def ends(live: Live) -> dict[TopicPartition, int]:
    """How far the topics between reports and Redis are written."""
    topics = [*live.topics.every_report, live.topics.claims, live.topics.totals, live.topics.alerts]
    consumer = AIOKafkaConsumer(bootstrap_servers=live.broker.address)
    await consumer.start()
    try:
        every = [TopicPartition(topic, partition) for topic in topics for partition in range(PARTITIONS)]
        return {tp: end for tp, end in (await consumer.end_offsets(every)).items() if end}
    finally:
        await consumer.stop()


async def test_a_worker_with_nothing_to_do_has_committed_everything(live_on_kafka: Live) -> None:
    live = live_on_kafka
    worker = live.worker()
    await live.publish([*hourly(5), *sample()])
    desk = pure([*hourly(5), *sample()])
    await live.shows(desk)
    await live.shows_alerts(desk)
    await asyncio.to_thread(worker.stop)
    assert worker.exit_code == 0
    assert await committed(live) == await ends(live)
    again = live.worker()
    more = hourly(6)[-48:]
    await live.publish(more)
    await live.shows(pure([*hourly(6), *sample()]))
    assert metric(again, "bordertally_reports_total") == len(more)
    assert metric(again, "bordertally_claims_total", outcome="new") == len(more)
    assert metric(again, "bordertally_claims_total") == len(more)


async def test_a_worker_stopped_in_mid_stream_leaves_nothing_to_be_done_twice(live_on_kafka: Live) -> None:
    live, reports = live_on_kafka, hourly(28)
    feeding = asyncio.create_task(feed(live, reports))
    duplicates = 0.0
    while not feeding.done():
        worker = await asyncio.to_thread(live.worker)
        seen = metric(worker, "bordertally_claims_total")

        async def busy(worker: Server = worker, seen: float = seen) -> bool:
            return feeding.done() or metric(worker, "bordertally_claims_total") > seen + ENOUGH

        await until(busy, "the worker is at work")
        duplicates += metric(worker, "bordertally_claims_total", outcome="duplicate")
        await asyncio.to_thread(worker.stop)
        assert worker.exit_code == 0
    await feeding
    last = live.worker()
    desk = pure(reports)
    await live.shows(desk)
    await live.shows_alerts(desk)
    assert duplicates + metric(last, "bordertally_claims_total", outcome="duplicate") == 0
    published = Counter((alert.id, alert.seq) for alert in await live.alerts())
    assert set(published.values()) <= {1}


async def feed(live: Live, reports: list[bytes]) -> None:
    """Publish a few reports at a time."""
    for at in range(0, len(reports), 8):
        await live.publish(reports[at : at + 8])
        await asyncio.sleep(0.05)


async def test_a_second_signal_ends_a_worker_at_once_and_one_that_cannot_finish_ends_in_time(
    live_apart: Live,
) -> None:
    live = live_apart
    hurried, late = live.worker(), live.worker()
    await live.publish(sample())
    await live.shows(pure(sample()))
    live.broker.pause()  # nothing can be committed now
    try:
        for worker in (hurried, late):
            os.kill(worker.pid, signal.SIGTERM)
        await asyncio.sleep(0.5)
        assert hurried.running
        os.kill(hurried.pid, signal.SIGTERM)

        async def gone() -> bool:
            return not hurried.running and not late.running

        await until(gone, "both workers end")
    finally:
        live.broker.resume()
    assert (hurried.exit_code, late.exit_code) == (128 + signal.SIGTERM, 70)
