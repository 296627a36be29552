"""Headers of every response, and CORS for the origins in the settings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from bordertally.agents.gateway.problems import Handler

EMBED = "/embed"
"""The page that other sites may show in a frame: one flow, without anything to click on but a link."""

POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
SECURITY = {
    "Server": "bordertally",
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
EXPOSED = {"Access-Control-Expose-Headers": "ETag, Link, Retry-After"}


def add_headers(origins: tuple[str, ...]) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Return the hook that adds headers to a response before aiohttp sends them.

    `origins`: the sites that may read the API from a page of theirs; they may also show `EMBED` in a frame.
    """

    async def prepare(request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(SECURITY)
        if request.path == EMBED and origins:
            frames = f"frame-ancestors {' '.join(origins)}"
            response.headers["Content-Security-Policy"] = POLICY.replace("frame-ancestors 'none'", frames)
        if request.path.startswith("/board/"):  # revalidated each time: a page never mixes files of two versions
            response.headers["Cache-Control"] = "no-cache"
        origin = request.headers.get("Origin")
        if origin and ("*" in origins or origin in origins):
            response.headers["Access-Control-Allow-Origin"] = "*" if "*" in origins else origin
            response.headers.update(EXPOSED)

    return prepare


def preflight(origins: tuple[str, ...]) -> Middleware:
    """Return the middleware that answers CORS preflight requests when any origin is allowed."""

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        is_preflight = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        if not is_preflight or not origins:
            return await handler(request)
        return web.Response(status=204, headers=ALLOWED)

    return answer
