"""The gateway's aiohttp application: routes, middlewares, the board, and background tasks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

from aiohttp import web
from msgspec import Struct

from bordertally.agents.gateway.client_limits import LIMITS, ClientLimits
from bordertally.agents.gateway.feed import Feed
from bordertally.agents.gateway.guard import PAGES, Guard
from bordertally.agents.gateway.headers import add_headers, preflight
from bordertally.agents.gateway.metering import METER, Meter
from bordertally.agents.gateway.openapi import openapi
from bordertally.agents.gateway.pages.languages import BOARD, check_language, chosen_language
from bordertally.agents.gateway.pages.rendering import rendered
from bordertally.agents.gateway.parameters import (
    AskAlert,
    AskAlerts,
    AskDays,
    AskEvidence,
    AskFlows,
    AskNothing,
    AskPeriods,
    AskPlain,
    AskPreview,
    AskSilences,
    AskStream,
    AskTotals,
    Moment,
    asked,
)
from bordertally.agents.gateway.past.pasts import InTheMaking, Pasts, encoded
from bordertally.agents.gateway.problems import Handler, problems
from bordertally.agents.gateway.representations import CACHE, respond, tagged
from bordertally.agents.gateway.routes import Routes
from bordertally.agents.gateway.stream.endpoint import Stream
from bordertally.agents.gateway.stream.hub import HUB, Hub
from bordertally.agents.gateway.stream.quiet import Quieting
from bordertally.agents.gateway.view import ServingView
from bordertally.agents.gateway.writes.admission import Admission
from bordertally.agents.gateway.writes.desk import Desk
from bordertally.agents.gateway.writes.imports import Importing
from bordertally.agents.gateway.writes.reports import Posting
from bordertally.agents.gateway.writes.review import Reviewing
from bordertally.agents.gateway.writes.silences import Silencing
from bordertally.agents.gateway.writes.store import Store
from bordertally.agents.runtime.context import config_digests, load_registry, load_rules
from bordertally.agents.runtime.metrics import Metrics
from bordertally.agents.runtime.reloading import SOURCES, Reload
from bordertally.streams.delivery.tokens import Keys
from bordertally.streams.reports.sources import Registry
from bordertally.streams.settings import Settings

BOARD_PATH = "/board/"
TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}
"""The media types of the files of the board."""


def create_gateway(settings: Settings) -> web.Application:
    """Return the application. Raises ConfigError for an unreadable registry, or an address that needs tokens."""
    check_language(settings.gateway_language)
    view, hub, registry = ServingView(settings), Hub(settings), load_registry(settings.sources)
    guard = Guard(settings, Keys(registry, settings.read_tokens, settings.admin_tokens))
    store = Store(settings)
    admission = Admission(settings, registry, view.redis)
    rules = load_rules(settings.rules, registry)
    desk = Desk(settings, registry, view, store, hub)
    routes = Routes(view, registry, rules, desk.acknowledging.known)
    metrics = Metrics(0, ("gateway",))
    meter = Meter(metrics, hub)
    limits = ClientLimits(settings)
    app = web.Application(
        middlewares=[meter.middleware(), problems, preflight(settings.gateway_origins), guard.middleware()]
    )
    app[HUB], app[LIMITS], app[METER] = hub, limits, meter
    app.on_response_prepare.append(add_headers(settings.gateway_origins))
    app.on_response_prepare.append(meter.count)
    _add_documents(app, Feed(view, settings.gateway_sender, routes.all_muted))
    silencing = desk.add_to(app, routes.place)
    pasts = Pasts(settings, view, lambda past: Routes(past, routes.registry, rules, desk.acknowledging.known, past.at))
    _add_answers(app, routes, silencing, desk.reviewing, pasts)
    quieting = Quieting(hub, routes.all_muted)
    _add_stream(app, Stream(hub, quieting, desk.news, settings.gateway_clients, limits), routes)
    _add_pages(app, hub, settings.gateway_language)
    app.router.add_get("/metrics", meter.serve)
    app.router.add_post("/v1/reports", Posting(admission, store).serve)
    app.router.add_post("/v1/imports", Importing(admission, store).serve)

    def renew(registry: Registry) -> None:
        guard.renew(Keys(registry, settings.read_tokens, settings.admin_tokens))
        admission.renew(registry)
        desk.reviewing.renew(registry)
        routes.renew(registry)
        metrics.show_config(*config_digests(registry, rules.renamed(registry.aliases)))

    async def background(_: web.Application) -> AsyncIterator[None]:
        metrics.show_reload(SOURCES, well=True)
        metrics.show_config(*config_digests(registry, rules))
        running = [asyncio.create_task(task) for task in (hub.run(), quieting.run(), pasts.run(), *desk.tasks())]
        if settings.sources is not None:
            reload = Reload(settings.sources, registry, renew, metrics, settings.reload_s)
            running.append(asyncio.create_task(reload.run()))
        yield
        for task in running:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await pasts.close()
        await store.close()
        await view.close()

    async def disconnect(_: web.Application) -> None:
        hub.close()

    app.cleanup_ctx.append(background)
    app.on_shutdown.append(disconnect)
    return app


def _add_answers(
    app: web.Application, routes: Routes, silencing: Silencing, reviewing: Reviewing, pasts: Pasts
) -> None:
    def answers(path: str, kind: type[Struct], answer: Callable[..., Awaitable[Struct]]) -> None:
        async def handle(request: web.Request) -> web.StreamResponse:
            question = routes.placed(asked(request, kind))
            return respond(request, await answer(question), question)

        app.router.add_get(path, handle)

    def reads(path: str, kind: type[Moment], answer: Callable[[Routes, Any, web.Request], Awaitable[Struct]]) -> None:
        async def handle(request: web.Request) -> web.StreamResponse:
            question = routes.placed(asked(request, kind))
            then = routes if question.at is None else await pasts.routes(question.at)
            if isinstance(then, InTheMaking):
                return web.Response(body=encoded(then), status=202, content_type="application/json")
            return respond(request, await answer(then, question, request), question)

        app.router.add_get(path, handle)

    reads("/v1/flows", AskFlows, lambda then, question, _: then.flows(question))
    reads("/v1/totals", AskTotals, lambda then, question, _: then.totals(question))
    reads("/v1/periods", AskPeriods, lambda then, question, _: then.periods(question))
    reads("/v1/days", AskDays, lambda then, question, _: then.days(question))
    reads("/v1/alerts", AskAlerts, lambda then, question, _: then.alerts(question))
    reads("/v1/evidence", AskEvidence, lambda then, question, _: then.evidence(question))
    reads("/v1/sources", AskPlain, lambda then, question, _: then.sources(question))
    reads("/v1/alerts/{id}", AskAlert, lambda then, _, request: then.alert(request.match_info["id"]))
    answers("/v1/places", AskNothing, routes.places)
    answers("/v1/about", AskNothing, routes.about)
    answers("/v1/silences", AskSilences, silencing.list)
    answers("/v1/silences/preview", AskPreview, silencing.preview)
    app.router.add_get("/v1/review", reviewing.list)


def _add_documents(app: web.Application, feed: Feed) -> None:
    document = json.dumps(openapi(), indent=2).encode()

    async def describe(request: web.Request) -> web.StreamResponse:
        return tagged(request, document, "application/json")

    app.router.add_get("/v1/alerts/{id}.cap", feed.cap)  # before the route that takes any id
    app.router.add_get("/v1/openapi.json", describe)
    app.router.add_get("/alerts.atom", feed.atom)


def _add_stream(app: web.Application, stream: Stream, routes: Routes) -> None:
    async def events(request: web.Request) -> web.StreamResponse:
        return await stream.serve(request, routes.placed(asked(request, AskStream)))

    app.router.add_get("/v1/stream", events, allow_head=False)


def _add_pages(app: web.Application, hub: Hub, language: str) -> None:
    files = {path.relative_to(BOARD).as_posix(): path for path in BOARD.rglob("*") if path.suffix in TYPES}

    def file(request: web.Request, name: str) -> web.StreamResponse:
        path = files.get(name)
        if path is None:
            raise web.HTTPNotFound
        return tagged(request, path.read_bytes(), TYPES[path.suffix], "utf-8")

    async def page(request: web.Request) -> web.StreamResponse:
        template = files[PAGES[request.path]].read_text(encoding="utf-8")
        wanted = request.query.get("lang")
        chosen = chosen_language(wanted, language, request.headers.get("Accept-Language", ""))
        answer = tagged(request, rendered(template, request.path[1:], chosen, wanted), TYPES[".html"], "utf-8")
        answer.headers.update({"Content-Language": chosen, "Vary": f"{CACHE['Vary']}, Accept-Language"})
        return answer

    async def healthz(_: web.Request) -> web.StreamResponse:
        return web.Response(text="ok\n")

    async def readyz(_: web.Request) -> web.StreamResponse:
        if not hub.ready.is_set():
            return web.Response(status=503, text="waiting for: the stream of events\n")
        return web.Response(text="ready\n")

    @web.middleware
    async def serve_files(request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer for the files of the board: aiohttp would refuse a range or a missing file without a problem."""
        if request.path.startswith(BOARD_PATH) and request.method in ("GET", "HEAD"):
            return file(request, request.path.removeprefix(BOARD_PATH))
        return await handler(request)

    app.middlewares.append(serve_files)
    for path in PAGES:
        app.router.add_get(path, page)
    app.router.add_static("/board", BOARD)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
