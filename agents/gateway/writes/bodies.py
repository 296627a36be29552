"""Bodies of requests: JSON, and no more bytes of it in memory than are allowed."""

from __future__ import annotations

from aiohttp import web

from bordertally.agents.gateway.problems import ProblemError


async def json_body(request: web.Request, what: str, most: int) -> bytes | None:
    """The body of a request; None where it has more than `most` bytes. Raises ProblemError (415) where it is not JSON.

    `what`: what it is to hold, in words.
    """
    if request.content_type != "application/json":
        given = request.headers.get("Content-Type", "")
        raise ProblemError(415, f"{what} is application/json", field="Content-Type", value=given)
    if (request.content_length or 0) > most:
        return None
    raw = await request.content.read(most + 1)
    while len(raw) <= most and not request.content.at_eof():
        raw += await request.content.read(most + 1 - len(raw))
    return raw if len(raw) <= most else None
