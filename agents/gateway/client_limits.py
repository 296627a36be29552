"""Limits by client address: how many connections, and streams, one address may have open at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address, ip_network

from aiohttp import web

from bordertally.streams.settings import Settings
from bordertally.streams.url_policy import Address, Network, allowed_networks

HOME_BITS = 64
"""The bits of an IPv6 address that name a network: one household or host has all addresses with the same bits."""


def client_of(peer: str | None, forwarded: Iterable[str], proxies: Iterable[Network]) -> str:
    """Return the address that a request counts for; empty for this machine and for a proxy, which have no limit.

    `peer`: the other end of the connection. `forwarded`: the values of X-Forwarded-For, believed only of `proxies`.
    """
    address = _address(peer or "")
    names = [name.strip() for value in forwarded for name in value.split(",")]
    while address is not None and any(address in network for network in proxies):
        address = _address(names.pop()) if names else None
    if address is None or address.is_loopback:
        return ""
    if isinstance(address, IPv6Address):
        return str(ip_network((address, HOME_BITS), strict=False))
    return str(address)


def _address(text: str) -> Address | None:
    try:
        address = ip_address(text.partition("%")[0].strip("[]"))
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


class ClientLimits:
    """What each client address has open: connections, and streams among them. `most` of each at once."""

    def __init__(self, settings: Settings) -> None:
        self.most = settings.gateway_clients_per_address
        self.proxies = allowed_networks(settings.gateway_proxies)
        self.connections: Counter[str] = Counter()
        self.streams: Counter[str] = Counter()

    def client(self, request: web.BaseRequest) -> str:
        """Return the address that a request counts for."""
        peer = None if request.transport is None else request.transport.get_extra_info("peername")
        return client_of(peer[0] if peer else None, request.headers.getall("X-Forwarded-For", ()), self.proxies)

    def enter(self, counts: Counter[str], client: str) -> bool:
        """Count one more connection or stream of a client; False, and nothing is counted, at its limit."""
        if client:
            if counts[client] >= self.most:
                return False
            counts[client] += 1
        return True

    @staticmethod
    def leave(counts: Counter[str], client: str) -> None:
        """Count one less."""
        if client:
            counts[client] -= 1
            if not counts[client]:
                del counts[client]


LIMITS: web.AppKey[ClientLimits] = web.AppKey("client_limits", ClientLimits)
