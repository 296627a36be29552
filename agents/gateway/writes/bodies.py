"""JSON bodies of requests, read up to a size limit."""

from __future__ import annotations

from aiohttp import web

from bordertally.agents.gateway.problems import ProblemError


async def json_body(request: web.Request, content: str, max_bytes: int) -> bytes | None:
    """Return the body of a request; None for more than `max_bytes` bytes. Raises ProblemError (415) for another type.

    `content`: what the body should contain, as in "a report"; for the error.
    """
    if request.content_type != "application/json":
        media_type = request.headers.get("Content-Type", "")
        raise ProblemError(415, f"send {content} as application/json", field="Content-Type", value=media_type)
    if (request.content_length or 0) > max_bytes:
        return None
    raw = await request.content.read(max_bytes + 1)
    while len(raw) <= max_bytes and not request.content.at_eof():
        raw += await request.content.read(max_bytes + 1 - len(raw))
    return raw if len(raw) <= max_bytes else None
