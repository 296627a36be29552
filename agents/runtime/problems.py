"""Problem documents (RFC 9457), and connections that answer malformed requests with one: in gateways and workers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar

import msgspec
from aiohttp import http_exceptions, web

from bordertally.agents.runtime.context import log
from bordertally.streams.errors import shown
from bordertally.streams.visible_text import visible

MEDIA_TYPE = "application/problem+json"


class Problem(msgspec.Struct, omit_defaults=True):
    """The body of an error response. `field` and `value` quote the wrong input; `reason` is from a fixed list."""

    title: str
    status: int
    detail: str
    type: str = "about:blank"
    reason: str | None = None
    field: str | None = None
    value: str | None = None
    report: str | None = None


class ProblemError(Exception):
    """Raised by a handler: the body of the error response and its extra headers."""

    def __init__(  # noqa: PLR0913 - keyword-only
        self,
        status: int,
        detail: str,
        *,
        field: str | None = None,
        value: object = None,
        reason: str | None = None,
        report: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        quoted = None if field is None else shown(value)
        field, report = (None if text is None else visible(text) for text in (field, report))
        detail = visible(detail)  # it may quote what a client sent, and readers print it on terminals
        self.problem = Problem(HTTPStatus(status).phrase, status, detail, "about:blank", reason, field, quoted, report)
        self.headers = dict(headers or {})
        super().__init__(status, detail)

    def answer(self) -> web.Response:
        """Return the response."""
        body = msgspec.json.encode(self.problem)
        return web.Response(body=body, status=self.problem.status, content_type=MEDIA_TYPE, headers=self.headers)


LINE = 65_536
"""The most bytes of a request line and of a header: a position in topics with many partitions is long."""

CONTINUE = "100-continue"
"""The only value of the header Expect that HTTP defines."""

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


class ProblemConnection(web.RequestHandler):
    """A connection to a client. A malformed request gets a problem document, and costs one short line in the log.

    `program`: what is named in log and answers. `details`: by status, what an answer says instead of the phrase of
    HTTP. `headers`: of each answer outside of a route.
    """

    program: ClassVar[str]
    details: ClassVar[Mapping[int, str]] = {}
    headers: ClassVar[Mapping[str, str]] = {"Server": "bordertally", "X-Content-Type-Options": "nosniff"}

    def __init__(self, server: web.Server, **options: Any) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(server, loop=loop, max_line_size=LINE, max_field_size=LINE, **options)

    def count_refused(self, status: int) -> None:
        """Count an answer that was given outside of every route."""

    def peer(self) -> str:
        """The address of the client, for the log."""
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
            log.info("%s: malformed request from %s: %s", self.program, self.peer(), detail)
        else:
            detail = f"the {self.program} failed on this request; see its log"
            log.error("%s: %s %s failed", self.program, request.method, request.path, exc_info=exc)
        self.count_refused(status)
        return self._closing(ProblemError(status, detail))

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Log an error of aiohttp itself, but not a body that is not what its headers say."""
        if not isinstance(kw.get("exc_info"), web.RequestPayloadError):
            super().log_exception(*args, **kw)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer."""
        if isinstance(resp, web.HTTPException) and resp.status >= 400:  # raised before any middleware ran
            allowed = {name: resp.headers[name] for name in ("Allow",) if name in resp.headers}
            detail = self.details.get(resp.status, resp.reason)
            resp = self._closing(ProblemError(resp.status, detail, headers=allowed))
        return await super().finish_response(request, resp, start_time)

    def _closing(self, problem: ProblemError) -> web.Response:
        """An answer outside of every route, behind which the connection is closed."""
        answer = problem.answer()
        answer.headers.update(self.headers)
        answer.force_close()
        return answer


class ProblemSite(web.BaseSite):
    """Where a program listens, with connections of its own kind."""

    def __init__(self, runner: web.AppRunner, host: str, port: int, backlog: int = 128) -> None:
        super().__init__(runner, backlog=backlog)
        self.host, self.port = host, port

    def connection(self, server: web.Server) -> ProblemConnection:
        """A connection to a new client."""
        raise NotImplementedError

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
            lambda: self.connection(server), self.host, self.port, backlog=self._backlog
        )
