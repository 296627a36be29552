"""/alerts.atom and /v1/alerts/{id}.cap: alerts in the formats of feed readers and alert readers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web

from bordertally.agents.gateway.parameters import AskCap, AskFeed, asked
from bordertally.agents.gateway.problems import bad
from bordertally.agents.gateway.representations import tagged
from bordertally.agents.gateway.view import ServingView
from bordertally.agents.runtime.problems import ProblemError
from bordertally.streams.alerts.records import Alert
from bordertally.streams.alerts.silences import Muted
from bordertally.streams.delivery import atom, cap

ENTRIES = 100
"""The most alerts in the feed."""


class Feed:
    """Both routes. `sender` is the name of this pipeline in the feed and in CAP messages.

    `muted`: the open alerts that are muted now, with the reason.
    """

    def __init__(
        self, view: ServingView, sender: str, muted: Callable[[], Awaitable[Iterable[tuple[Alert, Muted]]]]
    ) -> None:
        self.view, self.sender, self.muted = view, sender, muted

    async def atom(self, request: web.Request) -> web.StreamResponse:
        """Return the newest alerts, open or closed, as an Atom feed; without those that another alert tells of now."""
        question = asked(request, AskFeed)
        inhibited = {alert.id for alert, why in await self.muted() if why.inhibited_by is not None}
        alerts = []
        async for alert in self.view.alerts(None):
            if alert.id in inhibited or (alert.backfill and not question.backfill):
                continue
            alerts.append(alert)
            if len(alerts) == ENTRIES:
                break
        body = atom.atom(alerts, self.sender, str(request.url.origin()))
        return tagged(request, body, atom.MEDIA_TYPE, "utf-8")

    async def cap(self, request: web.Request) -> web.StreamResponse:
        """Return the newest CAP message of an alert, or the message of the record `seq`."""
        question, name = asked(request, AskCap), request.match_info["id"]
        newest, history = await self.view.alert(name)
        if newest is None:
            raise ProblemError(404, f"there is no alert {name}", field="id", value=name)
        if question.seq is not None:
            history = [record for record in history if record.seq <= question.seq]
            if not history or history[-1].seq != question.seq:
                raise bad("seq", question.seq, f"the alert has no such record; GET /v1/alerts/{name} lists them")
        else:
            history = [record for record in history if not record.minor]
        history = [record for record in history[:-1] if not record.minor] + history[-1:]
        web_page = f"{request.url.origin()}/v1/alerts/{name}"
        return tagged(request, cap.cap(history, self.sender, web_page), cap.MEDIA_TYPE, "utf-8")
