"""Sending one event to one endpoint: signed with every key, to a checked address, with a timeout."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import aiohttp

from bordertally.agents.delivery.webhooks.endpoints import Endpoint
from bordertally.agents.runtime.tracing import Headers
from bordertally.streams.delivery.webhook_lane import Reply, retry_after
from bordertally.streams.url_policy import Network, is_allowed, may_reach

REFUSED_TARGET = "refused_target"
"""Why an event was not sent: its address is neither public nor allowed."""

PARALLEL = 8
"""The most requests to one endpoint at once."""

ANSWER_BYTES = 65_536
"""The most bytes read of a response, so that the connection can be used again."""


AGENT = f"bordertally/{version('bordertally')}"


class RefusedTargetError(OSError):
    """The address is not public, and no setting allows it."""


def guarded(allowed: tuple[Network, ...], *, plain: bool) -> Callable[[Any], socket.socket]:
    """Return a factory that makes sockets only for allowed addresses.

    The factory gets the resolved address just before the connection is made, so a name that resolves differently later
    cannot evade the check. With `plain` (http) only addresses that a setting allows may be reached: nothing crosses the
    internet unencrypted.
    """

    def make(address: Any) -> socket.socket:
        family, kind, protocol, _, where = address
        host = where[0]
        if not (is_allowed(host, allowed) if plain else may_reach(host, allowed)):
            raise RefusedTargetError("refused")
        return socket.socket(family, kind, protocol)

    return make


class Sender:
    """The connections to one endpoint, separate from others, so that a slow endpoint delays no other."""

    def __init__(self, endpoint: Endpoint, timeout_s: float, allowed: tuple[Network, ...]) -> None:
        self.endpoint, self.timeout_s, self.allowed = endpoint, timeout_s, allowed
        self.slots = asyncio.Semaphore(PARALLEL)
        self._session: aiohttp.ClientSession | None = None

    def headers(self, event: str, body: bytes, now: float) -> dict[str, str]:
        """The headers of the Standard Webhooks specification, with a signature by every key."""
        moment = datetime.fromtimestamp(int(now), UTC)
        text = body.decode()
        return {
            "Content-Type": "application/json",
            "User-Agent": AGENT,
            "webhook-id": event,
            "webhook-timestamp": str(int(now)),
            "webhook-signature": " ".join(key.sign(event, moment, text) for key in self.endpoint.keys),
        }

    async def send(self, event: str, body: bytes, more: Headers | None = None) -> Reply:
        """Send one event once and return the reply. An error at the receiver or on the way is part of the reply.

        `more`: headers besides those of the specification, such as the context of a trace.
        """
        headers = {name: value.decode() for name, value in more or ()}
        async with self.slots:
            now = time.time()
            try:
                async with self._open().post(
                    self.endpoint.url,
                    data=body,
                    headers=headers | self.headers(event, body, now),
                    allow_redirects=False,
                ) as answer:
                    await answer.content.read(ANSWER_BYTES)
                    return Reply(answer.status, "", retry_after(answer.headers.get("Retry-After"), time.time()))
            except (aiohttp.ClientError, OSError, ValueError) as error:
                return Reply(None, why(error))

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            plain = self.endpoint.url.startswith("http://")
            connector = aiohttp.TCPConnector(
                limit=PARALLEL, socket_factory=guarded(self.allowed, plain=plain), happy_eyeballs_delay=None
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(total=self.timeout_s),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._session

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


def why(error: BaseException) -> str:
    """Why there was no response, as a word of a closed list: the text of an error may quote the URL."""
    if _refused(error):
        return REFUSED_TARGET
    if isinstance(error, TimeoutError):
        return "timeout"
    for kind, word in (
        (aiohttp.ClientConnectorDNSError, "name_not_found"),
        (aiohttp.ClientSSLError, "tls"),
        (aiohttp.ClientConnectorError, "no_connection"),
        (aiohttp.InvalidURL, "bad_address"),
        (aiohttp.ClientError, "broken_connection"),
    ):
        if isinstance(error, kind):
            return word
    return "no_connection"


def _refused(error: BaseException | None) -> bool:
    if isinstance(error, aiohttp.ClientConnectorError):
        return isinstance(error.os_error, RefusedTargetError)
    return isinstance(error, RefusedTargetError)
