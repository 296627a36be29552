"""Answers over HTTP: JSON with an entity tag, compressed when the client takes it."""

from __future__ import annotations

from hashlib import blake2b

import msgspec
from aiohttp import ETag, web
from msgspec import Struct

from agents.gateway.questions import Tabled
from agents.gateway.tables import MEDIA_TYPE as CSV
from agents.gateway.tables import ROWS, table

SMALLEST = 1024
"""Bytes from which on compressing is worth it."""

CACHE = {"Cache-Control": "no-cache", "Vary": "Accept, Accept-Encoding, Authorization, Origin"}
"""May be kept, and is asked for again with its tag."""


def respond(request: web.Request, answer: Struct, asked: Struct) -> web.Response:
    """An answer as JSON, or as CSV where it is a table and that is asked for."""
    if type(answer) in ROWS and isinstance(asked, Tabled) and wants_csv(request, asked):
        return tagged(request, table(answer, hxl=bool(asked.hxl)), CSV, "utf-8")
    return tagged(request, msgspec.json.encode(answer), "application/json")


def wants_csv(request: web.Request, asked: Tabled) -> bool:
    """The parameter decides, else what the header Accept likes more; JSON where it likes both or neither."""
    if asked.format is not None:
        return asked.format == "csv"
    liking = {"text/csv": 0.0, "application/json": 0.0}
    for part in request.headers.get("Accept", "").split(","):
        media, *options = (piece.strip() for piece in part.split(";"))
        if media in liking:
            liking[media] = next((_share(one[2:]) for one in options if one.startswith("q=")), 1.0)
    return liking["text/csv"] > liking["application/json"]


def _share(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


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
