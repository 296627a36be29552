"""Which address a request counts for, and how many connections an address has."""

from __future__ import annotations

from collections import Counter

import pytest

from bordertally.agents.gateway.client_limits import ClientLimits, client_of
from bordertally.streams.errors import ConfigError
from bordertally.streams.settings import load_settings
from bordertally.streams.url_policy import allowed_networks

PROXIES = "10.0.0.0/8,127.0.0.1,fd00::7"


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),  # no proxy of ours: anybody can write a header
        ("10.0.0.7", ["198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        (
            "10.0.0.7",
            ["1.1.1.1, 198.51.100.1, 10.0.0.9"],
            "198.51.100.1",
        ),  # two proxies; what the client wrote is first
        ("10.0.0.7", ["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.7", [], ""),
        ("10.0.0.7", ["unknown"], ""),
        ("fd00::7", ["[2001:db8:1:2:3::4]"], "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9%eth0", [], "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", [], "203.0.113.7"),
        ("::1", [], ""),
        (None, [], ""),
    ],
)
def test_a_request_counts_for_its_client_not_for_the_proxy(peer: str | None, forwarded: list[str], client: str) -> None:
    assert client_of(peer, forwarded, allowed_networks(PROXIES)) == client


def test_this_machine_has_no_limit_unless_it_is_the_proxy() -> None:
    assert client_of("127.0.0.1", ["198.51.100.1"], ()) == ""


def test_an_address_has_no_more_than_its_limit_and_gets_back_what_it_leaves() -> None:
    limits = ClientLimits(load_settings(gateway_clients_per_address=2))
    counts = limits.connections
    assert [limits.enter(counts, "a") for _ in range(3)] == [True, True, False]
    assert limits.enter(counts, "b")
    assert all(limits.enter(counts, "") for _ in range(10))
    limits.leave(counts, "a")
    assert limits.enter(counts, "a")
    for client in ("a", "a", "b", ""):
        limits.leave(counts, client)
    assert counts == Counter()
    assert not counts.keys()


def test_a_proxy_that_is_no_address_stops_the_start() -> None:
    with pytest.raises(ConfigError, match=r"GATEWAY_PROXIES=proxy\.example"):
        load_settings(gateway_proxies="proxy.example")
