"""The web server of a worker: /metrics for Prometheus, /healthz and /readyz for an orchestrator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from aiohttp import web
from mode import Service

from bordertally.agents.runtime.context import Context
from bordertally.agents.runtime.problems import ProblemConnection, ProblemSite
from bordertally.streams.errors import ConfigError


class HealthConnection(ProblemConnection):
    """A connection to a client of a worker."""

    program = "worker"
    details: ClassVar[Mapping[int, str]] = {
        404: "a worker answers at /metrics, /healthz and /readyz only; for figures ask a gateway",
        405: "a worker answers GET and HEAD only",
    }


class HealthSite(ProblemSite):
    """Where a worker listens."""

    def connection(self, server: web.Server) -> HealthConnection:
        """A connection to a new client; requests are not logged unless they are malformed."""
        return HealthConnection(server, access_log=None)


class Http(Service):
    """The server on BORDERTALLY_HTTP_HOST and BORDERTALLY_HTTP_PORT; none when the port is 0."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.runner: web.AppRunner | None = None
        super().__init__()

    async def on_start(self) -> None:
        """Bind the port. Raises ConfigError when the port is taken."""
        settings = self.context.settings
        if not settings.http_port:
            return
        app = web.Application()
        app.router.add_get("/metrics", self.metrics)
        app.router.add_get("/healthz", self.healthz)
        app.router.add_get("/readyz", self.readyz)
        self.runner = web.AppRunner(app)
        await self.runner.setup()
        try:
            await HealthSite(self.runner, settings.http_host, settings.http_port).start()
        except OSError:
            raise ConfigError(
                f"BORDERTALLY_HTTP_PORT={settings.http_port}: taken on {settings.http_host}; choose another"
            ) from None

    async def on_stop(self) -> None:
        """Release the port."""
        if self.runner is not None:
            await self.runner.cleanup()

    async def metrics(self, _: web.Request) -> web.Response:
        """All metrics in Prometheus' text format."""
        return web.Response(
            body=self.context.exposition(),
            headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
        )

    async def healthz(self, _: web.Request) -> web.Response:
        """200 as long as the process responds."""
        return web.Response(text="ok\n")

    async def readyz(self, _: web.Request) -> web.Response:
        """503 until every hop has its partitions and tables, and while topics or acknowledgements are missing."""
        missing = [hop for hop in self.context.needed if hop not in self.context.ready]
        missing += ["acknowledgements of the broker"] * (not self.context.producing)
        waits = [f"waiting for: {', '.join(missing)}"] if missing else []
        held_back = [self.context.held_back] if self.context.held_back else []
        if reasons := [*held_back, *waits, *self.context.topic_faults]:
            return web.Response(status=503, text="".join(f"{reason}\n" for reason in reasons))
        return web.Response(text="ready\n")
