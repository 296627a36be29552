"""Reloading the file of subscriptions while the channel runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from bordertally.agents.delivery.webhooks.endpoints import Endpoints, load_endpoints
from bordertally.agents.runtime.context import Context
from bordertally.agents.runtime.reloading import Watch


class WebhooksReload(Watch):
    """Watches the file of subscriptions and its secrets. `take` puts new subscriptions into use."""

    name, title = "webhooks", "webhooks"

    def __init__(
        self, path: Path, context: Context, endpoints: Endpoints, take: Callable[[Endpoints], Awaitable[None]]
    ) -> None:
        super().__init__(path, context.metrics, context.settings.reload_s)
        self.context, self.endpoints, self.take = context, endpoints, take
        context.renewed.append(self.ask)  # the registry may give a flow another name

    def files(self) -> Iterable[Path]:
        """The file of subscriptions, and the files of secrets that it refers to."""
        return (self.path, *self.endpoints.files(self.path.parent))

    async def renew(self) -> str:
        """Read the file and put it into use; returns what has changed, by the name of the subscription."""
        fresh = await asyncio.to_thread(load_endpoints, self.path, self.context.registry)
        changes = self.endpoints.changed(fresh)
        if changes:
            await self.take(fresh)
            self.endpoints = fresh
        return changes
