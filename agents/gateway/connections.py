"""Connections of the gateway: time limits for slow clients, limits by address, and answers to what is not HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

from aiohttp import http_exceptions, web

from bordertally.agents.gateway.client_limits import LIMITS, client_of
from bordertally.agents.gateway.headers import SECURITY
from bordertally.agents.gateway.metering import METER
from bordertally.agents.gateway.problems import ProblemError
from bordertally.agents.runtime.context import log

LINE = 65_536
"""The most bytes of a request line and of a header: a position in topics with many partitions is long."""

HEAD = 4 * LINE
"""The most bytes of a request line and all headers."""

CONTINUE = "100-continue"
"""The only value of the header Expect that HTTP defines."""

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

_FAULTS: tuple[tuple[type[BaseException], str], ...] = (
    (http_exceptions.LineTooLong, f"the request line or a header is longer than {LINE:,} bytes"),
    (http_exceptions.InvalidHeader, "a header is malformed, or has a character that HTTP does not allow"),
    (http_exceptions.BadHttpMethod, "the request begins with no method of HTTP"),
    (http_exceptions.InvalidURLError, "the address in the request line is malformed"),
)
"""What is wrong with a request that cannot be read. Never the words of the parser: they quote what was sent."""

_OTHERWISE = "this is not a request of HTTP/1.1, or a header has a character that HTTP does not allow"


def fault_of(error: BaseException | None) -> str:
    """Return what is wrong with a request that cannot be read, without anything that it contains."""
    return next((words for kind, words in _FAULTS if isinstance(error, kind)), _OTHERWISE)


class ClientConnection(web.RequestHandler):
    """A connection to a client. A malformed request, a slow client and a client at its limit get a problem document."""

    def __init__(self, server: web.Server, site: Site) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=site.patience.idle_s,
            lingering_time=site.patience.linger_s,
            max_line_size=LINE,
            max_field_size=LINE,
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
            log.info("gateway: %s: %s", self._peer(), detail)
        self.force_close()

    def _peer(self) -> str:
        peer = None if self.transport is None else self.transport.get_extra_info("peername")
        return peer[0] if peer else "a client that has gone"

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - it quotes what was sent
    ) -> web.StreamResponse:
        """Answer a request that cannot be read, or one that failed outside of every route."""
        if request.writer.output_size > 0:
            raise ConnectionError("a part of an answer is sent already")
        if isinstance(exc, ConnectionError):
            raise exc  # the client has gone: aiohttp closes the connection without a word
        if status >= 500 and request.headers.get("Expect", CONTINUE).lower() != CONTINUE:
            status, detail = 417, f"Expect: only {CONTINUE} can be met"  # aiohttp fails on some others
        elif status < 500:
            detail = fault_of(exc)
            log.info("gateway: malformed request from %s: %s", self._peer(), detail)
        else:
            detail = "the gateway failed on this request; see its log"
            log.error("gateway: %s %s failed", request.method, request.path, exc_info=exc)
        self._meter.refused(status)
        return _closing(ProblemError(status, detail))

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Log an error of aiohttp itself, but not a body that is not what its headers say."""
        if not isinstance(kw.get("exc_info"), web.RequestPayloadError):
            super().log_exception(*args, **kw)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer. A client that does not take it in time is disconnected."""
        if isinstance(resp, web.HTTPException) and resp.status >= 400:  # raised before any middleware ran
            resp = _closing(ProblemError(resp.status, resp.reason))
        transport = self.transport
        try:
            async with asyncio.timeout(self._patience.answer_s):
                return await super().finish_response(request, resp, start_time)
        except TimeoutError:
            if transport is not None:
                transport.abort()
            return resp, True


def _closing(problem: ProblemError) -> web.Response:
    """An answer outside of every route, behind which the connection is closed."""
    answer = problem.answer()
    answer.headers.update(SECURITY)
    answer.force_close()
    return answer


class Site(web.BaseSite):
    """Where the gateway listens. `runner`: of an application made by `create_gateway`.

    `options`: more arguments of aiohttp's RequestHandler, such as the log of requests.
    """

    def __init__(
        self, runner: web.AppRunner, host: str, port: int, patience: Patience = PATIENCE, **options: Any
    ) -> None:
        super().__init__(runner, backlog=1024)
        self.host, self.port, self.patience, self.options = host, port, patience, options
        self.limits, self.meter = runner.app[LIMITS], runner.app[METER]

    @property
    def name(self) -> str:
        """The address."""
        return f"http://{self.host}:{self.port}"

    async def start(self) -> None:
        """Begin to listen. Raises OSError for an address that is not free."""
        await super().start()
        server = self._runner.server
        if server is None:
            raise RuntimeError("the runner is not set up")
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: ClientConnection(server, self), self.host, self.port, backlog=self._backlog
        )


def when_lost(request: web.BaseRequest, call: Callable[[], None]) -> None:
    """Call this when the client of a request closes its connection, also between two events of a stream."""
    if isinstance(request.protocol, ClientConnection):
        request.protocol.on_lost(call)
