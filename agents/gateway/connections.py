"""Connections of the gateway: time limits for slow clients, and limits by address."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

from aiohttp import web

from bordertally.agents.gateway.client_limits import LIMITS, client_of
from bordertally.agents.gateway.headers import SECURITY
from bordertally.agents.gateway.metering import METER
from bordertally.agents.runtime.context import log
from bordertally.agents.runtime.problems import LINE, ProblemConnection, ProblemError, ProblemSite

HEAD = 4 * LINE
"""The most bytes of a request line and all headers."""

RETRY_S = 10
"""Seconds after which a client at its limit may try again."""


class Patience(NamedTuple):
    """Seconds that a connection waits for a client.

    `head_s`: for a request line and headers, from their first byte or from connecting on. `idle_s`: for the next
    request. `answer_s`: until the client has taken an answer. `linger_s`: for the rest of a body that nobody reads.
    """

    head_s: float = 15.0
    idle_s: float = 75.0  # longer than proxies keep a connection: they must not send into one that closes
    answer_s: float = 120.0
    linger_s: float = 5.0


PATIENCE = Patience()


class ClientConnection(ProblemConnection):
    """A connection to a client of the gateway. A slow client and a client at its limit get a problem document, too."""

    program, headers = "gateway", SECURITY

    def __init__(self, server: web.Server, site: Site) -> None:
        super().__init__(
            server,
            keepalive_timeout=site.patience.idle_s,
            lingering_time=site.patience.linger_s,
            **site.options,
        )
        self._limits, self._patience, self._meter = site.limits, site.patience, site.meter
        self._client: str | None = None
        self._head_timer: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        self._on_lost: list[Callable[[], None]] = []

    def on_lost(self, call: Callable[[], None]) -> None:
        """Call this when the client has closed the connection."""
        self._on_lost.append(call)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Accept a connection, or refuse it when its address has too many."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        client = client_of(peer[0] if peer else None, (), self._limits.proxies)
        if not self._limits.enter(self._limits.connections, client):
            detail = f"the limit of {self._limits.most} connections from one address is reached; close some of them"
            self._refuse(429, detail, f"Retry-After: {RETRY_S}")
            return
        self._client = client
        self._await_head()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Free what the client held."""
        super().connection_lost(exc)
        self._head_done()
        if self._client is not None:
            self._limits.leave(self._limits.connections, self._client)
            self._client = None
        for call in self._on_lost:
            call()
        self._on_lost.clear()

    def data_received(self, data: bytes) -> None:
        """Read what the client sends; while a request line and headers are incomplete, their time and size count."""
        super().data_received(data)
        if self._messages or self._current_request is not None or self._force_close:
            self._head_done()
            return
        if self._head_timer is None:
            self._await_head()
        self._head_bytes += len(data)
        if self._head_bytes > HEAD:
            self._refuse(431, f"the request line and the headers have more than {HEAD:,} bytes")

    def _await_head(self) -> None:
        self._head_timer = self._loop.call_later(self._patience.head_s, self._head_late)

    def _head_done(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        self._head_bytes = 0

    def _head_late(self) -> None:
        self._head_timer = None
        if self._messages or self._current_request is not None:
            return
        if self._head_bytes:
            self._refuse(408, f"the request line and the headers did not arrive within {self._patience.head_s:g} s")
        else:
            self.force_close()

    def _refuse(self, status: int, detail: str, *headers: str) -> None:
        """Answer outside of any request, and close."""
        if self.transport is not None and not self.transport.is_closing():
            answer = ProblemError(status, detail).answer()
            body = answer.body if isinstance(answer.body, bytes) else b""
            lines = [f"HTTP/1.1 {status} {answer.reason}", f"Content-Type: {answer.content_type}"]
            lines += [f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
            self.transport.write("\r\n".join(lines).encode() + body)
            self._meter.refused(status)
            log.info("gateway: %s: %s", self.peer(), detail)
        self.force_close()

    def count_refused(self, status: int) -> None:
        """Count an answer that was given outside of every route."""
        self._meter.refused(status)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer. A client that does not take it in time is disconnected."""
        transport = self.transport
        try:
            async with asyncio.timeout(self._patience.answer_s):
                return await super().finish_response(request, resp, start_time)
        except TimeoutError:
            if transport is not None:
                transport.abort()
            return resp, True


class Site(ProblemSite):
    """Where the gateway listens. `runner`: of an application made by `create_gateway`.

    `options`: more arguments of aiohttp's RequestHandler, such as the log of requests.
    """

    def __init__(
        self, runner: web.AppRunner, host: str, port: int, patience: Patience = PATIENCE, **options: Any
    ) -> None:
        super().__init__(runner, host, port, backlog=1024)
        self.patience, self.options = patience, options
        self.limits, self.meter = runner.app[LIMITS], runner.app[METER]

    def connection(self, server: web.Server) -> ClientConnection:
        """A connection to a new client."""
        return ClientConnection(server, self)


def when_lost(request: web.BaseRequest, call: Callable[[], None]) -> None:
    """Call this when the client of a request closes its connection, also between two events of a stream."""
    if isinstance(request.protocol, ClientConnection):
        request.protocol.on_lost(call)
