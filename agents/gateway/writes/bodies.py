"""Bodies of requests, read up to a size limit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TypeVar

import msgspec
from aiohttp import http_exceptions, web

from bordertally.agents.runtime.problems import ProblemError

MAX_BYTES = 16_384
"""The most bytes of a small record, such as a silence."""

S = TypeVar("S", bound=msgspec.Struct)

BODY_S = 30.0
"""Seconds in which a body must arrive."""

CLOSE = {"Connection": "close"}


JSON = "application/json"
NDJSON = "application/x-ndjson"


async def read_body(
    request: web.Request, content: str, max_bytes: int, media_types: Sequence[str] = (JSON,)
) -> bytes | None:
    """Return the body of a request; None for more than `max_bytes` bytes.

    `content`: what the body should contain, as in "a report"; for the error. Raises ProblemError: 415 for another type,
    400 for a body that is not what its headers say, 408 for one that takes longer than BODY_S seconds.
    """
    if request.content_type not in media_types:
        media_type = request.headers.get("Content-Type", "")
        raise ProblemError(415, f"send {content} as {' or '.join(media_types)}", field="Content-Type", value=media_type)
    if (request.content_length or 0) > max_bytes:
        return None
    try:
        async with asyncio.timeout(BODY_S):
            raw = await request.content.read(max_bytes + 1)
            while len(raw) <= max_bytes and not request.content.at_eof():
                raw += await request.content.read(max_bytes + 1 - len(raw))
    except TimeoutError:
        raise ProblemError(408, f"the body did not arrive within {BODY_S:g} s", headers=CLOSE) from None
    except (web.RequestPayloadError, http_exceptions.HttpProcessingError):
        encoding = request.headers.get("Content-Encoding")
        if encoding is None:
            raise ProblemError(400, "the body ends too early, or its chunks are malformed", headers=CLOSE) from None
        detail = "the body is not compressed as Content-Encoding says"
        raise ProblemError(400, detail, field="Content-Encoding", value=encoding, headers=CLOSE) from None
    return raw if len(raw) <= max_bytes else None


def too_large(request: web.Request, what: str, most: int, reason: str | None = None) -> ProblemError:
    """The error (413) for a body of more than `most` bytes. `what`: as in "this report"."""
    size = f"{request.content_length:,}" if request.content_length else f"more than {most:,}"
    return ProblemError(413, f"{what} has {size} bytes; at most {most:,} are allowed", reason=reason, headers=CLOSE)


async def decoded(request: web.Request, content: str, kind: type[S]) -> S:
    """Return the small record in the body of a request. Raises ProblemError: 415, 413, 422."""
    raw = await read_body(request, content, MAX_BYTES)
    if raw is None:
        raise too_large(request, f"this {content.split(' ', 1)[1]}", MAX_BYTES)
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        quoted = raw[:100].decode("utf-8", "replace")
        raise ProblemError(422, f"not a valid {content.split(' ', 1)[1]}: {error}", field="$", value=quoted) from None
