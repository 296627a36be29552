"""Errors as the gateway answers them: problem details after RFC 9457, quoting the field and its value."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

import msgspec
from aiohttp import web
from redis.exceptions import RedisError

from bordertally.streams.errors import shown

log = logging.getLogger("bordertally")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MEDIA_TYPE = "application/problem+json"
RETRY_S = 2


class Problem(msgspec.Struct, omit_defaults=True):
    """The body of an error. `field` and `value` say what was wrong with the question, `reason` is a closed word."""

    title: str
    status: int
    detail: str
    type: str = "about:blank"
    reason: str | None = None
    field: str | None = None
    value: str | None = None
    report: str | None = None


class ProblemError(Exception):
    """Raised by a handler: what the answer says, and headers that go with it."""

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
        self.problem = Problem(HTTPStatus(status).phrase, status, detail, "about:blank", reason, field, quoted, report)
        self.headers = dict(headers or {})
        super().__init__(status, detail)

    def answer(self) -> web.Response:
        """The response."""
        body = msgspec.json.encode(self.problem)
        return web.Response(body=body, status=self.problem.status, content_type=MEDIA_TYPE, headers=self.headers)


def bad(field: str, value: object, why: str) -> ProblemError:
    """A parameter that cannot be understood."""
    return ProblemError(400, f"{field}: {why} (got {shown(value)})", field=field, value=value)


def away(what: str, error: BaseException) -> ProblemError:
    """Something the answer needs does not answer itself."""
    log.warning("gateway: %s does not answer: %s", what, error)
    return ProblemError(503, f"{what} does not answer now; try again", headers={"Retry-After": str(RETRY_S)})


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every error as problem details."""
    try:
        return await handler(request)
    except ProblemError as error:
        return error.answer()
    except web.HTTPException as error:
        if error.status < 400:
            raise
        headers = {name: error.headers[name] for name in ("Allow",) if name in error.headers}
        what = {404: f"there is no {request.path} here", 405: f"{request.method} is not for {request.path}"}
        detail = what.get(error.status) or error.text or error.reason
        return ProblemError(error.status, detail, headers=headers).answer()
    except RedisError as error:
        return away("Redis", error).answer()
    except Exception:
        log.exception("gateway: %s %s failed", request.method, request.path)
        return ProblemError(500, "the gateway failed on this; its log says why").answer()
