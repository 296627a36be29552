"""Silences over HTTP: what `bordertally silences` does, for operators without Kafka."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from aiohttp import web

from bordertally.agents.gateway.parameters import AskSilences, NewSilence
from bordertally.agents.gateway.problems import ProblemError
from bordertally.agents.gateway.responses import SilenceList
from bordertally.agents.gateway.view import ServingView
from bordertally.agents.gateway.writes.bodies import json_body
from bordertally.agents.gateway.writes.store import Store
from bordertally.agents.kafka.producer import Record
from bordertally.streams.alerts.silences import Silence, expired, make_silence
from bordertally.streams.errors import BordertallyError
from bordertally.streams.topics import Topics

MOST_BYTES = 16_384


class Silencing:
    """The routes. What is set is stored on Kafka; what is read is the view in Redis, a moment later."""

    def __init__(self, view: ServingView, store: Store, topics: Topics) -> None:
        self.view, self.store, self.topic = view, store, topics.silences

    async def held(self, asked: AskSilences) -> SilenceList:
        """The silences that hold now, the one that ends first first; or all there have been."""
        silences = await self.view.silences()
        if asked.state == "active":
            return SilenceList(silences.active(datetime.now(UTC)))
        return SilenceList(sorted(silences.by_id.values(), key=lambda one: (one.until, one.id)))

    async def set(self, request: web.Request) -> web.StreamResponse:
        """Silence a flow until a time."""
        given, now = await _read(request), datetime.now(UTC)
        try:
            until = given.until.astimezone(UTC)
        except OverflowError:
            raise ProblemError(422, "until: is too far away", field="until", value=given.until.isoformat()) from None
        try:
            silence = make_silence(
                given.flow, until=until, author=given.author, comment=given.comment, now=now, rule=given.rule
            )
        except BordertallyError as error:
            field = str(error).partition(":")[0]
            raise ProblemError(422, str(error), field=field, value=getattr(given, field, None)) from None
        return await self._store(silence, 201)

    async def end(self, request: web.Request) -> web.StreamResponse:
        """End a silence now."""
        name = request.match_info["id"]
        held = (await self.view.silences()).by_id.get(name)
        if held is None:
            raise ProblemError(404, f"there is no silence {name}", field="id", value=name)
        try:
            return await self._store(expired(held, datetime.now(UTC)), 200)
        except BordertallyError as error:
            raise ProblemError(409, str(error), field="id", value=name) from None

    async def _store(self, silence: Silence, status: int) -> web.StreamResponse:
        body = msgspec.json.encode(silence)
        await self.store.write(Record(self.topic, silence.id.encode(), body))
        return web.Response(body=body, status=status, content_type="application/json")


async def _read(request: web.Request) -> NewSilence:
    """The silence that a request asks for. Raises ProblemError: 415, 413, 422."""
    raw = await json_body(request, "a silence", MOST_BYTES)
    if raw is None:
        raise ProblemError(413, f"at most {MOST_BYTES} bytes", headers={"Connection": "close"})
    try:
        return msgspec.json.decode(raw, type=NewSilence)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ProblemError(422, f"no silence: {error}", field="$", value=raw[:100].decode("utf-8", "replace")) from None
