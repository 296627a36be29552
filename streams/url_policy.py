"""Where a notification may be sent: addresses of the public internet, and those an operator allows.

Whoever can have a notification sent to an address of their choice could otherwise reach what only this machine can:
its own services, its network, the metadata service of its cloud (server-side request forgery).
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from bordertally.streams.errors import ConfigError, shown

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_REFUSED = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",  # this network; 0.0.0.0 reaches the machine itself
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared with customers of a carrier; metadata of Alibaba Cloud, 100.100.100.200
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's platform, reached from inside its virtual machines though it looks public
        "169.254.0.0/16",  # link-local; metadata of most clouds, 169.254.169.254
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments; metadata of Oracle Cloud, 192.0.0.192
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/128",
        "::1/128",
        "64:ff9b:1::/48",  # addresses of a network's own, translated
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",  # unique local; metadata of Amazon, fd00:ec2::254
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)
"""What the IANA registries of special-purpose addresses keep off the public internet, and what else is none."""

_TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("::ffff:0:0:0/96"), IPv6Network("::/96"))
"""IPv6 addresses whose last 32 bits are the IPv4 address that is reached (RFC 6052, RFC 2765, RFC 4291)."""


def allowed_networks(text: str) -> tuple[Network, ...]:
    """Networks out of a list such as `10.0.0.0/8,::1`. Raises ValueError quoting what is none."""
    try:
        return tuple(ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise ValueError(f"addresses or networks such as 10.0.0.0/8, separated by commas: {error}") from None


def reached(address: Address) -> Iterable[Address]:
    """An address, and the IPv4 address that is reached through it where it is one inside another."""
    yield address
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and any(address in network for network in _TRANSLATED):
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            yield inner


def may_reach(host: str, allowed: Iterable[Network] = ()) -> bool:
    """Whether a connection to an IP address, as written, may be made. Raises ValueError for what is no IP address."""
    return is_allowed(host, allowed) or not _within(_parse(host), _REFUSED)


def is_allowed(host: str, allowed: Iterable[Network]) -> bool:
    """Whether an operator allows an IP address by its network, whatever it is. Raises ValueError for what is none."""
    return _within(_parse(host), allowed)


def _parse(host: str) -> Address:
    return ip_address(host.partition("%")[0])  # a zone such as %eth0 says by which way, not where to


def _within(address: Address, networks: Iterable[Network]) -> bool:
    every = list(reached(address))
    return any(one in network for network in networks for one in every if one.version == network.version)


def check_url(url: str, where: str) -> None:
    """Check that an address is http or https, with a host, and without a name and password in it.

    Raises ConfigError. It never quotes the path: that of a webhook may be all that keeps it secret.
    """
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0].partition("?")[0]
    if scheme not in ("http", "https") or not host or any(one.isspace() for one in url):
        raise ConfigError(f"{where}: {shown(site(url))} must begin with https:// (or http://) and name a host")
    if "@" in host:
        raise ConfigError(f"{where}: an address must not hold a name and password")


def site(url: str) -> str:
    """What may be shown of an address: scheme, host and port."""
    scheme, mark, rest = url.partition("://")
    host = rest.partition("/")[0].partition("?")[0].partition("#")[0].rpartition("@")[2]
    return f"{scheme}://{host}" if mark else "…"
