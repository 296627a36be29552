"""GET /v1/stream: totals and alerts as server-sent events (HTML standard)."""

from __future__ import annotations

from aiohttp import web

from bordertally.agents.gateway.client_limits import ClientLimits
from bordertally.agents.gateway.connections import when_lost
from bordertally.agents.gateway.parameters import AskStream
from bordertally.agents.gateway.problems import bad
from bordertally.agents.gateway.stream.catch_up import CatchUp, TooSlowError
from bordertally.agents.gateway.stream.client import Client
from bordertally.agents.gateway.stream.desk import DeskNews
from bordertally.agents.gateway.stream.events import QUIET, RANK, Filter, heartbeat
from bordertally.agents.gateway.stream.hub import RETRY_S, Hub
from bordertally.agents.gateway.stream.quiet import Quieting
from bordertally.agents.runtime.problems import ProblemError
from bordertally.streams.delivery.stream_position import PlaceText, read_place

HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # tells nginx and others not to buffer
}
BUSY_S = 10
"""Seconds after which a client that found no place may try again."""

RESET = b"event: reset\ndata: {}\n\n"
"""The client's position no longer exists: the client must read everything again."""


class Stream:
    """The route."""

    def __init__(self, hub: Hub, quieting: Quieting, desk: DeskNews, max_clients: int, limits: ClientLimits) -> None:
        """`max_clients`: the most clients at once."""
        self.hub, self.quieting, self.desk, self.max_clients, self.limits = hub, quieting, desk, max_clients, limits
        self.catch_up = CatchUp(hub)
        self.open = 0

    async def serve(self, request: web.Request, asked: AskStream) -> web.StreamResponse:
        """Send events until the client disconnects or is disconnected.

        Raises ProblemError: 400 for a malformed position, 429 for an address with too many streams, 503 without Kafka
        or with too many clients.
        """
        place = self._place(request, asked)
        if not self.hub.ready.is_set():
            detail = "the gateway is still connecting to Kafka; try again"
            raise ProblemError(503, detail, headers={"Retry-After": f"{RETRY_S:.0f}"})
        if self.open >= self.max_clients:
            detail = f"the limit of {self.max_clients} clients is reached; try again later or use another gateway"
            raise ProblemError(503, detail, headers={"Retry-After": str(BUSY_S)})
        client = self.limits.client(request)
        if not self.limits.enter(self.limits.streams, client):
            detail = f"the limit of {self.limits.most} streams to one address is reached; close some of them"
            raise ProblemError(429, detail, headers={"Retry-After": str(BUSY_S)})
        self.open += 1
        try:
            return await self._serve(request, asked, place)
        finally:
            self.open -= 1
            self.limits.leave(self.limits.streams, client)

    def _place(self, request: web.Request, asked: AskStream) -> list[int] | None:
        text = request.headers.get("Last-Event-ID") or asked.last_event_id
        if not text:
            return None
        try:
            return read_place(text, self.hub.settings.partitions)
        except ValueError as error:
            raise bad("Last-Event-ID", text, str(error)) from None

    async def _serve(self, request: web.Request, asked: AskStream, place: list[int] | None) -> web.StreamResponse:
        rank = 0 if asked.severity is None else RANK[asked.severity]
        wanted = Filter(tuple(sorted(set(asked.kinds.split(",")))), asked.flow, rank)
        response = web.StreamResponse(headers=HEADERS)
        await response.prepare(request)
        greeting = f"retry: {int(RETRY_S * 1000)}\n\n".encode()
        if place is not None and not await self.catch_up.is_known(place):
            place, greeting = None, greeting + RESET
        try:
            if QUIET in wanted.kinds:
                await self.quieting.refresh()
            if place is None:  # start now: events that arrive during the first write are in memory
                number, position = self.hub.next_number, PlaceText(self.hub.place.offsets)
                await response.write(greeting + heartbeat(position.text))
                if not await self.catch_up.from_memory(number, position, wanted, response.write):
                    raise TooSlowError
            else:
                await response.write(greeting)
                await self.catch_up.serve(PlaceText(place), wanted, response.write)
            client = Client(request, wanted)
        except (ConnectionError, TimeoutError, TooSlowError):
            if request.transport is not None:
                request.transport.abort()
            return response
        when_lost(request, client.gone.set)
        self.hub.join(client)  # no await since the last event was written, so there is no gap
        self.quieting.send(client)
        self.desk.send(client)
        try:
            await client.gone.wait()
        finally:
            self.hub.leave(client)
        return response
