import os
import socket
from pathlib import Path

import pytest
from server_kit import create_topic, gone, partition_count, receive, require_kafka, send

from bordertally.agents.servers.errors import ServerError
from bordertally.agents.servers.kafka import start_kafka
from bordertally.agents.servers.ports import free_port
from bordertally.agents.servers.probe import kafka_answers
from bordertally.agents.servers.process import Server

pytestmark = pytest.mark.kafka


async def test_a_topic_has_the_partitions_asked_for(kafka: Server) -> None:
    await create_topic(kafka.address, "counted", 7, {"cleanup.policy": "compact"})
    assert await partition_count(kafka.address, "counted") == 7


async def test_headers_go_round_trip(kafka: Server) -> None:
    await create_topic(kafka.address, "headed", 1)
    headers = (("id", b"\x00\xff\x80"), ("id", b""), ("place", "Österreich".encode()))
    await send(kafka.address, "headed", b"value", headers)
    assert await receive(kafka.address, "headed", 1) == [(b"value", headers)]


async def test_a_message_of_ten_megabytes_goes_round_trip(kafka: Server) -> None:
    await create_topic(kafka.address, "large", 1, {"max.message.bytes": "12000000"})
    value = os.urandom(10_000_000)
    await send(kafka.address, "large", value)
    assert await receive(kafka.address, "large", 1) == [(value, ())]


async def test_messages_survive_a_kill_and_a_start_on_the_same_directory(tmp_path: Path) -> None:
    require_kafka()
    with start_kafka(None, tmp_path) as server:
        await create_topic(server.address, "kept", 1)
        await send(server.address, "kept", b"before the kill")
        server.kill()
        assert gone(server.pid)
        assert not kafka_answers(server.port)
        server.start()
        await send(server.address, "kept", b"after the kill")
        server.stop()
        assert gone(server.pid)
        with start_kafka(server.port, tmp_path) as again:
            values = [value for value, _headers in await receive(again.address, "kept", 2)]
    assert values == [b"before the kill", b"after the kill"]


def test_a_taken_port_is_refused(tmp_path: Path) -> None:
    require_kafka()
    port = free_port()
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(ServerError, match=f"port {port} for kafka is taken"),
    ):
        start_kafka(port, tmp_path)
