"""The routes of silences: list, create and end them, as `bordertally silences` does, without access to Kafka."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
from aiohttp import web

from bordertally.agents.gateway.parameters import AskPreview, AskSilences, NewSilence
from bordertally.agents.gateway.responses import SilenceList, SilencePreview
from bordertally.agents.gateway.view import ServingView
from bordertally.agents.gateway.writes.bodies import decoded
from bordertally.agents.gateway.writes.store import Store
from bordertally.agents.kafka.producer import Record
from bordertally.agents.runtime.problems import ProblemError
from bordertally.streams.alerts.silences import Silence, expired, make_silence
from bordertally.streams.errors import BordertallyError
from bordertally.streams.flows import covers
from bordertally.streams.topics import Topics


class Silencing:
    """The routes. Writes go to Kafka; reads come from the view in Redis, which follows a moment later."""

    def __init__(self, view: ServingView, store: Store, topics: Topics, place: Callable[[str], str]) -> None:
        """`place`: the flow under which the claims on a flow count (see Registry.place)."""
        self.view, self.store, self.topic, self.place = view, store, topics.silences, place

    async def list(self, asked: AskSilences) -> SilenceList:
        """Return the silences active now, or all silences, ordered by their end."""
        silences = await self.view.silences()
        if asked.state == "active":
            return SilenceList(silences.active(datetime.now(UTC)))
        return SilenceList(sorted(silences.by_id.values(), key=lambda silence: (silence.until, silence.id)))

    async def preview(self, asked: AskPreview) -> SilencePreview:
        """Return what a silence would cover now. Raises ProblemError (422) for a wrong pattern or rule."""
        now = datetime.now(UTC)
        try:
            silence = make_silence(
                self.place(asked.pattern),
                until=now + timedelta(hours=1),
                author="-",
                comment="-",
                now=now,
                rule=asked.rule,
            )
        except BordertallyError as error:
            field = str(error).partition(":")[0].replace("flow", "pattern")
            raise ProblemError(422, str(error), field=field, value=getattr(asked, field, None)) from None
        alerts = [alert for alert in await self.view.open_alerts() if silence.matches(alert)]
        return SilencePreview(alerts, [flow for flow in await self.view.flows() if covers(silence.flow, flow)])

    async def create(self, request: web.Request) -> web.StreamResponse:
        """Create a silence. Raises ProblemError (422) for a wrong field."""
        new, now = await decoded(request, "a silence", NewSilence), datetime.now(UTC)
        try:
            until = new.until.astimezone(UTC)
        except OverflowError:
            detail = "until: is too far in the future"
            raise ProblemError(422, detail, field="until", value=new.until.isoformat()) from None
        try:
            silence = make_silence(
                self.place(new.flow), until=until, author=new.author, comment=new.comment, now=now, rule=new.rule
            )
        except BordertallyError as error:
            field = str(error).partition(":")[0]
            raise ProblemError(422, str(error), field=field, value=getattr(new, field, None)) from None
        return await self._store(silence, 201)

    async def end(self, request: web.Request) -> web.StreamResponse:
        """End a silence now. Raises ProblemError: 404 for an unknown id, 409 for a silence that has ended."""
        name = request.match_info["id"]
        silence = (await self.view.silences()).by_id.get(name)
        if silence is None:
            raise ProblemError(404, f"there is no silence {name}", field="id", value=name)
        try:
            return await self._store(expired(silence, datetime.now(UTC)), 200)
        except BordertallyError as error:
            raise ProblemError(409, str(error), field="id", value=name) from None

    async def _store(self, silence: Silence, status: int) -> web.StreamResponse:
        body = msgspec.json.encode(silence)
        await self.store.write(Record(self.topic, silence.id.encode(), body))
        return web.Response(body=body, status=status, content_type="application/json")
