"""The service that reads the files of a worker again while it runs."""

from __future__ import annotations

from mode import Service

from bordertally.agents.runtime.context import Context
from bordertally.agents.runtime.reloading import Reload, RulesNotice, Watch, run_all


class Reloading(Service):
    """Reads the files of a worker again when they change, and on SIGHUP. Without a file, SIGHUP ends the worker."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.watches: list[Watch] = []
        settings, metrics = context.settings, context.metrics
        if settings.sources is not None:
            self.watches.append(Reload(settings.sources, context.registry, context.renew, metrics, settings.reload_s))
        if settings.rules is not None:
            self.watches.append(RulesNotice(settings.rules, context))
        super().__init__()

    @Service.task
    async def _run(self) -> None:
        if self.watches:
            await run_all(self.watches)
