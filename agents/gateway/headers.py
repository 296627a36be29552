"""Headers that every answer carries, and CORS for the origins that the settings name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from bordertally.agents.gateway.problems import Handler

POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
SANE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
}
ALLOWED = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-None-Match, Last-Event-ID",
    "Access-Control-Max-Age": "600",
}
EXPOSED = {"Access-Control-Expose-Headers": "ETag, Retry-After"}


def on_every_answer(origins: tuple[str, ...]) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """What aiohttp calls before the headers of any answer go out."""

    async def prepare(request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(SANE)
        response.headers["Server"] = "bordertally"
        if request.path.startswith(
            "/board/"
        ):  # asked for again each time, and answered 304: never a page of two versions
            response.headers["Cache-Control"] = "no-cache"
        origin = request.headers.get("Origin")
        if origin and ("*" in origins or origin in origins):
            response.headers["Access-Control-Allow-Origin"] = "*" if "*" in origins else origin
            response.headers.update(EXPOSED)

    return prepare


def preflight(origins: tuple[str, ...]) -> Middleware:
    """Answers a browser that asks whether a page of another origin may ask."""

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        asks = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        if not asks or not origins:
            return await handler(request)
        return web.Response(status=204, headers=ALLOWED)

    return answer
