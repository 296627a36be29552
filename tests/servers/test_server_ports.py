import socket

import pytest

from bordertally.agents.servers.errors import ServerError
from bordertally.agents.servers.ports import free_port, is_free, require_free


def test_free_ports_can_be_listened_on_and_are_below_the_ephemeral_range() -> None:
    for _ in range(50):
        port = free_port()
        assert 20_000 <= port <= 32_000
        with socket.create_server(("127.0.0.1", port)):
            assert not is_free(port)


def test_a_taken_port_is_named_with_what_wanted_it() -> None:
    port = free_port()
    require_free(port, "the broker")
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(ServerError, match=f"^port {port} for the broker is taken on 127.0.0.1: choose another"),
    ):
        require_free(port, "the broker")


def test_a_port_taken_on_all_interfaces_is_taken() -> None:
    port = free_port()
    with socket.create_server(("0.0.0.0", port)):
        assert not is_free(port)
