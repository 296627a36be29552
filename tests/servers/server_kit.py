"""What the tests of the servers share."""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from bordertally.agents.servers.kafka_jars import why_no_kafka

Headers = Sequence[tuple[str, bytes]]


def wait_until(condition: Callable[[], bool], what: str, timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s:g} s: {what}"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    """Whether no such process runs; one that only waits to be reaped (a zombie) is gone."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state in "ZX"


def require_kafka() -> None:
    """Skip the test where Kafka cannot run; in CI that is a failure."""
    reason = why_no_kafka()
    if reason is None:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


async def create_topic(address: str, topic: str, partitions: int, configs: dict[str, str] | None = None) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        # aiokafka does not raise for topics that could not be created: the answer has to be read.
        answer = await admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=configs)])
        assert [error[:2] for error in answer.topic_errors] == [(topic, 0)]
    finally:
        await admin.close()


async def partition_count(address: str, topic: str) -> int:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        (described,) = await admin.describe_topics([topic])
        return len(described["partitions"])
    finally:
        await admin.close()


async def send(address: str, topic: str, value: bytes, headers: Headers = ()) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=address, max_request_size=16_777_216)
    await producer.start()
    try:
        await producer.send_and_wait(topic, value, partition=0, headers=list(headers))
    finally:
        await producer.stop()


async def receive(address: str, topic: str, count: int) -> list[tuple[bytes, Headers]]:
    """Return the first `count` messages of partition 0 with their headers."""
    consumer = AIOKafkaConsumer(bootstrap_servers=address, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, 0)])
        messages = [await consumer.getone() for _ in range(count)]
    finally:
        await consumer.stop()
    return [(message.value, message.headers) for message in messages]
