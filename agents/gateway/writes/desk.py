"""The routes by which people act: they mute and acknowledge alerts, review claims, and unsubscribe from e-mail."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from aiohttp import web

from bordertally.agents.gateway.stream.desk import DeskNews
from bordertally.agents.gateway.stream.hub import Hub
from bordertally.agents.gateway.view import ServingView
from bordertally.agents.gateway.writes.acknowledgements import Acknowledging
from bordertally.agents.gateway.writes.review import Reviewing
from bordertally.agents.gateway.writes.silences import Silencing
from bordertally.agents.gateway.writes.store import Store
from bordertally.agents.gateway.writes.topic_memory import TopicMemory
from bordertally.agents.gateway.writes.unsubscribing import Unsubscribing
from bordertally.streams.reports.sources import Registry
from bordertally.streams.settings import Settings
from bordertally.streams.topics import Topics


class Desk:
    """The routes that write, the topics behind them, and the event that tells clients of changes."""

    def __init__(self, settings: Settings, registry: Registry, view: ServingView, store: Store, hub: Hub) -> None:
        self.settings, self.topics, self.view, self.store = settings, Topics(settings.topic_prefix), view, store
        self.acknowledging = Acknowledging(view, store, self.topics)
        self.unsubscribing = Unsubscribing(settings, store)
        self.reviewing = Reviewing(settings, registry, store)
        self.news = DeskNews(hub, self.acknowledging.known, self.reviewing.docket)
        self.reviewing.memory.changed = self.news.changed

    def add_to(self, app: web.Application, place: Callable[[str], str]) -> Silencing:
        """Add the routes that write; returns the silences, for their read routes.

        `place`: the flow under which the claims on a flow count (see Registry.place).
        """
        silencing = Silencing(self.view, self.store, self.topics, place)
        app.router.add_post("/v1/silences", silencing.create)
        app.router.add_delete("/v1/silences/{id}", silencing.end)
        app.router.add_post("/v1/alerts/{id}/acknowledgements", self.acknowledging.create)
        app.router.add_post("/v1/review/{id}", self.reviewing.decide)
        app.router.add_get("/unsubscribe", self.unsubscribing.show)
        app.router.add_post("/unsubscribe", self.unsubscribing.leave)
        return silencing

    def tasks(self) -> list[Coroutine[Any, Any, None]]:
        """What runs beside the requests: reading the topics."""
        seen = self.acknowledging
        memory = TopicMemory(self.settings, self.topics.acknowledgements, seen.apply, self.news.changed)
        return [memory.run(), self.reviewing.memory.run()]
