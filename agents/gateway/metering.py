"""The gateway's own metrics at /metrics: requests, stream clients, reports."""

from __future__ import annotations

import time
from collections import Counter

from aiohttp import web
from aiohttp.typedefs import Middleware

from bordertally.agents.gateway.problems import Handler
from bordertally.agents.gateway.stream.hub import Hub
from bordertally.agents.runtime.metrics import Metrics
from bordertally.streams.delivery.metrics import ELSEWHERE, ROUTES

BEGUN: web.RequestKey[float] = web.RequestKey("begun", float)
REPORTS = "/v1/reports"


class Meter:
    """Counts responses when their headers are sent, so a stream counts when it starts."""

    def __init__(self, metrics: Metrics, hub: Hub) -> None:
        self.metrics, self.hub = metrics, hub
        self._shown: Counter[str] = Counter()
        self._cut = 0

    def middleware(self) -> Middleware:
        """Return the middleware that notes when a request began; the outermost one."""

        @web.middleware
        async def metered(request: web.Request, handler: Handler) -> web.StreamResponse:
            request[BEGUN] = time.monotonic()
            return await handler(request)

        return metered

    async def count(self, request: web.Request, response: web.StreamResponse) -> None:
        """Count a response; aiohttp calls this before it sends the headers."""
        route = route_of(request)
        self.metrics["gateway_requests_total"].labels(route, str(response.status)).inc()
        if BEGUN in request:
            self.metrics["gateway_request_seconds"].labels(route).observe(time.monotonic() - request[BEGUN])
        if route == REPORTS:
            self.metrics["gateway_reports_total"].labels(outcome_of(response.status)).inc()

    def refused(self, status: int) -> None:
        """Count an answer that was given outside of every route, such as that to a malformed request."""
        self.metrics["gateway_requests_total"].labels(ELSEWHERE, str(status)).inc()

    async def serve(self, _: web.Request) -> web.StreamResponse:
        """Return all metrics in the Prometheus text format."""
        hub, metrics = self.hub, self.metrics
        metrics["stream_clients"].set(hub.count())
        for kind, sent in hub.sent.items():
            metrics["stream_events_total"].labels(kind).inc(sent - self._shown[kind])
        metrics["stream_cut_total"].inc(hub.cut - self._cut)
        self._shown, self._cut = Counter(hub.sent), hub.cut
        return web.Response(
            body=metrics.exposition(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        )


METER: web.AppKey[Meter] = web.AppKey("meter", Meter)


def route_of(request: web.Request) -> str:
    """Return the template of the matched route, never the requested path: callers must not create labels."""
    resource = request.match_info.route.resource
    path = "" if resource is None else resource.canonical
    return path if path in ROUTES else ELSEWHERE


def outcome_of(status: int) -> str:
    """Return the outcome of a posted report: accepted, limited, refused or failed."""
    if status == web.HTTPTooManyRequests.status_code:
        return "limited"
    return "accepted" if status < 300 else "refused" if status < 500 else "failed"
