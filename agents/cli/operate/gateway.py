"""The command `gateway`."""

from __future__ import annotations

import asyncio
import logging
import resource
import signal

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from bordertally.agents.gateway.app import create_gateway
from bordertally.agents.gateway.connections import Site
from bordertally.agents.runtime.context import log
from bordertally.agents.runtime.logs import configure_logs, warn_of_misspelt
from bordertally.agents.terminal.console import run
from bordertally.agents.worker.preflight import check_access, check_partitions
from bordertally.streams.errors import ConfigError
from bordertally.streams.settings import Settings, load_settings


class AccessLines(AbstractAccessLogger):
    """Logs method, path and status, never the query or a header: they may hold a token."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Log a request that took `time` seconds; a stream when it ends."""
        fields = {"method": request.method, "path": request.path, "status": response.status}
        self.logger.debug("gateway: request", extra=fields | {"ms": round(time * 1000, 1)})

    @property
    def enabled(self) -> bool:
        """Whether requests are logged; otherwise they are not timed either."""
        return self.logger.isEnabledFor(logging.DEBUG)


FILES_BESIDE = 200
"""Open files besides those of the clients of the stream: other requests, Redis, Kafka."""


def gateway() -> None:
    """Serve totals, alerts and the board over HTTP.

    It listens on BORDERTALLY_GATEWAY_HOST and BORDERTALLY_GATEWAY_PORT.
    """
    settings = load_settings()
    configure_logs(settings)
    warn_of_misspelt()
    run(serve(settings))


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Raises ConfigError for a wrong setting, a taken port, or a refused connection."""
    await check_access(settings)
    await check_partitions(settings)
    allow_many_clients(settings)
    runner = web.AppRunner(create_gateway(settings), shutdown_timeout=5.0)
    await runner.setup()
    try:
        place = f"{settings.gateway_host}:{settings.gateway_port}"
        try:
            await Site(
                runner,
                settings.gateway_host,
                settings.gateway_port,
                access_log=log,
                access_log_class=AccessLines,
            ).start()
        except OSError as error:
            raise ConfigError(
                f"BORDERTALLY_GATEWAY_PORT={settings.gateway_port}: cannot listen on {settings.gateway_host}: "
                f"{error.strerror}"
            ) from None
        log.info("gateway: http://%s/", place)
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await stop.wait()
    finally:
        await runner.cleanup()


def allow_many_clients(settings: Settings) -> None:
    """Raise the limit of open files to the number of clients; the usual 1,024 are too few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = settings.gateway_clients + FILES_BESIDE
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        if most < wanted:
            log.warning("gateway: the system allows %d open files: clients beyond that are refused", most)
