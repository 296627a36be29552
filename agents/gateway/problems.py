"""Error responses of the gateway: every error of a route becomes a problem document that quotes field and value."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web
from redis.exceptions import RedisError

from bordertally.agents.runtime.problems import ProblemError
from bordertally.streams.errors import shown

log = logging.getLogger("bordertally")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
RETRY_S = 2


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
