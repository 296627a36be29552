"""Error responses: problem details (RFC 9457) that quote the field and its value."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

import msgspec
from aiohttp import web
from redis.exceptions import RedisError

from bordertally.streams.errors import shown
from bordertally.streams.visible_text import visible

log = logging.getLogger("bordertally")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MEDIA_TYPE = "application/problem+json"
RETRY_S = 2


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


def bad(field: str, value: object, why: str) -> ProblemError:
    """Return the error (400) for a wrong parameter."""
    return ProblemError(400, f"{field}: {why} (got {shown(value)})", field=field, value=value)


def away(server: str, error: BaseException) -> ProblemError:
    """Return the error (503) for a server, named by `server`, that does not respond."""
    log.warning("gateway: %s does not respond: %s", server, error)
    return ProblemError(503, f"{server} does not respond; try again", headers={"Retry-After": str(RETRY_S)})


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every error into a response with problem details."""
    try:
        return await handler(request)
    except ProblemError as error:
        return error.answer()
    except web.HTTPException as error:
        if error.status < 400:
            raise
        headers = {name: error.headers[name] for name in ("Allow",) if name in error.headers}
        details = {
            404: f"there is no {shown(request.path)}; /v1/openapi.json lists the routes",
            405: f"{shown(request.path)} does not allow {shown(request.method)}",
        }
        detail = details.get(error.status) or error.text or error.reason
        return ProblemError(error.status, detail, headers=headers).answer()
    except RedisError as error:
        return away("Redis", error).answer()
    except ConnectionError:  # the client has gone; anything else that does not answer has an error of its own
        raise
    except Exception:
        log.exception("gateway: %s %s failed", request.method, request.path)
        return ProblemError(500, "the gateway failed on this request; see its log").answer()
