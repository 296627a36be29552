"""Records that Kafka no longer has: each loss is named and counted; a topic made anew is read from its beginning."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from prometheus_client.parser import text_string_to_metric_families

from bordertally.agents.kafka.topic_ids import topics_seen
from bordertally.agents.kafka.topics import create_topics
from bordertally.agents.servers.process import Server
from forking import run
from live import PARTITIONS, Live, hourly, pure, until

pytestmark = pytest.mark.kafka


async def ends_of(live: Live, topic: str) -> dict[TopicPartition, int]:
    consumer = AIOKafkaConsumer(bootstrap_servers=live.broker.address)
    await consumer.start()
    try:
        ends: dict[TopicPartition, int] = await consumer.end_offsets(
            [TopicPartition(topic, partition) for partition in range(PARTITIONS)]
        )
        return ends
    finally:
        await consumer.stop()


async def remove_records(live: Live, topic: str) -> int:
    """Remove all records of a topic, as retention does; returns how many."""
    ends = await ends_of(live, topic)
    admin = AIOKafkaAdminClient(bootstrap_servers=live.broker.address)
    await admin.start()
    try:
        await admin.delete_records({tp: RecordsToDelete(before_offset=end) for tp, end in ends.items()})
    finally:
        await admin.close()
    return sum(ends.values())


async def delete_topic(live: Live, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=live.broker.address)
    await admin.start()
    try:
        await admin.delete_topics([topic])
        await until(lambda: gone(admin, topic), "the broker has deleted the topic")
    finally:
        await admin.close()


async def gone(admin: AIOKafkaAdminClient, topic: str) -> bool:
    return not (await topics_seen(admin, [topic]))[topic].partitions


async def samples_of(worker: Server, name: str) -> dict[tuple[str, ...], float]:
    """The samples of one metric above 0, by the values of their labels."""
    text = await asyncio.to_thread(lambda: urlopen(f"http://127.0.0.1:{worker.port}/metrics").read().decode())
    return {
        tuple(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and sample.value > 0
    }


def lines(worker: Server, words: str) -> list[str]:
    return [line for line in worker.log.read_text(encoding="utf-8").splitlines() if words in line]


def readiness(worker: Server) -> str:
    try:
        with urlopen(f"http://127.0.0.1:{worker.port}/readyz") as response:
            return str(response.read().decode())
    except HTTPError as error:
        return str(error.read().decode())


async def no_lag(worker: Server) -> bool:
    return not await samples_of(worker, "bordertally_consumer_lag_records")


def of_day(reports: Iterable[bytes], day: int) -> list[bytes]:
    return [report for report in reports if f'"2022-10-{day:02d}T'.encode() in report]


async def test_reports_removed_before_they_were_read_are_named_and_counted(live_on_kafka: Live) -> None:
    live = live_on_kafka
    reports = hourly(3)
    first = live.worker()
    await live.publish(of_day(reports, 1))
    await live.shows(pure(of_day(reports, 1)))
    await asyncio.to_thread(first.stop)
    topic = f"{live.topics.prefix}reports.government"
    read = sum((await ends_of(live, topic)).values())
    await live.publish(of_day(reports, 2))
    lost = await remove_records(live, topic) - read
    worker = live.worker()
    await live.publish(of_day(reports, 3))
    await live.shows(pure([*of_day(reports, 1), *of_day(reports, 3)]))
    assert await samples_of(worker, "bordertally_lost_records_total") == {("intake", topic): lost}
    assert lost == len(of_day(reports, 2))
    told = lines(worker, "were removed before they were read")
    assert told
    assert all(f"intake: {topic}/" in line and "BordertallyRecordsLost.md" in line for line in told)


async def test_claims_removed_before_they_were_read_are_named_and_the_ledger_goes_on(live_on_kafka: Live) -> None:
    live = live_on_kafka
    reports = hourly(3)
    first = live.worker()
    await live.publish(of_day(reports, 1))
    await live.shows(pure(of_day(reports, 1)))
    await asyncio.to_thread(first.stop)
    read = sum((await ends_of(live, live.topics.claims)).values())
    intake = live.worker(BORDERTALLY_HOPS="intake")
    await live.publish(of_day(reports, 2))
    await until(lambda: no_lag(intake), "the intake has read all reports")
    await asyncio.to_thread(intake.stop)
    lost = await remove_records(live, live.topics.claims) - read
    doctor = await asyncio.to_thread(run, "doctor", environment=live.environment)
    assert doctor.returncode == 1
    assert "were removed before they were read" in doctor.stdout
    worker = live.worker()
    await live.publish(of_day(reports, 3))
    await live.shows(pure([*of_day(reports, 1), *of_day(reports, 3)]))
    assert await samples_of(worker, "bordertally_lost_records_total") == {("ledger", live.topics.claims): lost}
    await until(lambda: no_lag(worker), "the ledger has no lag")
    refused = await asyncio.to_thread(run, "reread", environment=live.environment)
    assert (refused.returncode, "stop all workers" in refused.stderr) == (2, True), refused
    await asyncio.to_thread(worker.stop)
    doctor = await asyncio.to_thread(run, "doctor", environment=live.environment)
    assert "positions: the broker has the next record" in doctor.stdout  # the loss is past
    reread = await asyncio.to_thread(run, "reread", environment=live.environment)
    assert reread.stdout == f"{len(reports)} reports will be read again when a worker starts\n", reread.stderr
    again = live.worker()
    await live.shows(pure(reports))
    assert not await samples_of(again, "bordertally_lost_records_total")


@pytest.mark.parametrize("name", ["reports.government", "claims"])
async def test_a_topic_made_anew_is_told_at_once_and_read_from_its_beginning(live_on_kafka: Live, name: str) -> None:
    live = live_on_kafka
    topic = f"{live.topics.prefix}{name}"
    reports = hourly(3)
    worker = live.worker()
    await live.publish(of_day(reports, 1))
    await live.shows(pure(of_day(reports, 1)))
    await delete_topic(live, topic)

    async def told() -> bool:
        return f"topic {topic} does not exist" in await asyncio.to_thread(readiness, worker)

    await until(told, "/readyz names the missing topic", timeout_s=15)
    assert len(lines(worker, f"topic {topic} does not exist")) == 1
    assert await samples_of(worker, "bordertally_topic_faults") == {(): 1}
    await create_topics(live.settings)
    await live.publish(of_day(reports, 2))
    await live.shows(pure([*of_day(reports, 1), *of_day(reports, 2)]))

    async def ready() -> bool:
        return await asyncio.to_thread(readiness, worker) == "ready\n"

    await until(ready, "/readyz says ready again")


async def test_a_topic_made_anew_and_filled_beyond_the_old_position_is_known_by_its_id(live_on_kafka: Live) -> None:
    live = live_on_kafka
    topic = f"{live.topics.prefix}reports.government"
    reports = hourly(3)
    worker = live.worker()
    await live.publish(of_day(reports, 1))
    await live.shows(pure(of_day(reports, 1)))
    before = await ends_of(live, topic)
    worker.pause()  # so that it cannot see the topic missing
    await delete_topic(live, topic)
    await create_topics(live.settings)
    await live.publish(reports[len(of_day(reports, 1)) :])
    after = await ends_of(live, topic)
    worker.resume()
    assert all(after[tp] > end for tp, end in before.items() if end)
    await live.shows(pure(reports))
    assert len(lines(worker, f"topic {topic} was deleted and made anew; it is read from its beginning")) == 1
    assert not lines(worker, "does not exist")
    assert (await samples_of(worker, "bordertally_position_resets_total")).keys() == {("intake", topic)}
