"""Answers over HTTP: JSON with an entity tag, compressed when the client takes it."""

from __future__ import annotations

from hashlib import blake2b

import msgspec
from aiohttp import ETag, web
from msgspec import Struct

SMALLEST = 1024
"""Bytes from which on compressing is worth it."""

CACHE = {"Cache-Control": "no-cache", "Vary": "Accept, Accept-Encoding, Authorization, Origin"}
"""May be kept, and is asked for again with its tag."""


def respond(request: web.Request, answer: Struct) -> web.Response:
    """An answer as JSON."""
    return tagged(request, msgspec.json.encode(answer), "application/json")


def tagged(request: web.Request, body: bytes, media_type: str, charset: str | None = None) -> web.Response:
    """A body with its tag; 304 without it when the client holds the same already."""
    tag = blake2b(body, digest_size=12, key=media_type.encode()[:64]).hexdigest()
    held = request.if_none_match
    if held is not None and any(one.value in (tag, "*") for one in held):
        response = web.Response(status=304, headers=CACHE)
    else:
        response = web.Response(body=body, content_type=media_type, charset=charset, headers=CACHE)
        if len(body) >= SMALLEST:
            response.enable_compression()
    response.etag = ETag(tag, is_weak=True)  # weak: the bytes differ by compression
    return response
