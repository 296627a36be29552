from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.errors import ConfigError
from bordertally.streams.url_policy import allowed_networks, check_url, is_allowed, may_reach, site

REFUSED = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "fd00:ec2::254",
    "fe80::1%eth0",
    "ff02::1",
]


@pytest.mark.parametrize("host", REFUSED)
def test_what_is_not_public_is_refused(host: str) -> None:
    assert not may_reach(host)


@pytest.mark.parametrize("host", ["93.184.216.34", "172.32.0.1", "2606:2800:220:1::1", "::ffff:93.184.216.34"])
def test_what_is_public_is_reached(host: str) -> None:
    assert may_reach(host)
    assert not is_allowed(host, ())


@given(st.ip_addresses())
def test_what_python_calls_private_is_refused(address: IPv4Address | IPv6Address) -> None:
    if isinstance(address, IPv6Address) and address.sixtofour is not None:
        return  # what is reached is the IPv4 address inside; Python 3.13 calls none of these public
    if not address.is_global or address.is_multicast:
        assert not may_reach(str(address)) or str(address) in ("192.0.0.9", "192.0.0.10")


@given(st.ip_addresses(v=4))
def test_an_address_inside_another_is_no_way_around(address: IPv4Address | IPv6Address) -> None:
    inside = int(address)
    for base in (0xFFFF << 32, 0x64FF9B << 96):
        assert may_reach(str(IPv6Address(base | inside))) == may_reach(str(address))


def test_an_operator_allows_by_network() -> None:
    allowed = allowed_networks("10.0.0.0/8, ::1 ,127.0.0.1")
    assert [may_reach(host, allowed) for host in ("10.9.9.9", "::1", "127.0.0.1", "127.0.0.2", "::ffff:10.0.0.1")] == [
        True,
        True,
        True,
        False,
        True,
    ]
    with pytest.raises(ValueError, match=r"10\.0\.0\.0/99"):
        allowed_networks("10.0.0.0/99")


@pytest.mark.parametrize("url", ["ftp://x.example/hook-7", "x.example/hook-7", "https:///hook-7", "https://a b/hook-7"])
def test_an_address_is_checked_and_its_path_not_quoted(url: str) -> None:
    with pytest.raises(ConfigError, match=r"^here: .* must begin with https://") as failed:
        check_url(url, "here")
    assert "hook-7" not in str(failed.value)


def test_a_name_and_password_in_an_address_are_refused_unquoted() -> None:
    with pytest.raises(ConfigError, match="must not hold a name and password") as failed:
        check_url("https://me:word@x.example/", "here")
    assert "word@" not in str(failed.value)


def test_what_may_be_shown_of_an_address() -> None:
    assert site("https://me:pw@hooks.example:8443/T0/secret?x=1#y") == "https://hooks.example:8443"
    assert site("secret") == "…"
