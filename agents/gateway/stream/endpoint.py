"""GET /v1/stream: totals and alerts as server-sent events, after the HTML standard."""

from __future__ import annotations

from aiohttp import web

from bordertally.agents.gateway.parameters import AskStream
from bordertally.agents.gateway.problems import ProblemError, bad
from bordertally.agents.gateway.stream.catch_up import CatchUp, TooSlowError
from bordertally.agents.gateway.stream.client import Client
from bordertally.agents.gateway.stream.events import QUIET, RANK, Filter, beat
from bordertally.agents.gateway.stream.hub import RETRY_S, Hub
from bordertally.agents.gateway.stream.quiet import Quieting
from bordertally.streams.delivery.stream_position import PlaceText, read_place

HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # a proxy in between must not wait for more
}
RESET = b"event: reset\ndata: {}\n\n"
"""The place the client named is gone: what it shows must be read anew."""


class Stream:
    """The route."""

    def __init__(self, hub: Hub, quieting: Quieting, most: int) -> None:
        """`most`: clients at once."""
        self.hub, self.quieting, self.most = hub, quieting, most
        self.catch_up = CatchUp(hub)
        self.open = 0

    async def serve(self, request: web.Request, asked: AskStream) -> web.StreamResponse:
        """Send events until the client goes or is cut."""
        place = self._place(request, asked)
        if not self.hub.ready.is_set():
            raise ProblemError(503, "Kafka does not answer yet; try again", headers={"Retry-After": f"{RETRY_S:.0f}"})
        if self.open >= self.most:
            detail = f"{self.most} clients are connected; try again, or another gateway"
            raise ProblemError(503, detail, headers={"Retry-After": "10"})
        self.open += 1
        try:
            return await self._serve(request, asked, place)
        finally:
            self.open -= 1

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
        hello = f"retry: {int(RETRY_S * 1000)}\n\n".encode()
        if place is not None and not await self.catch_up.known(place):
            place, hello = None, hello + RESET
        try:
            if QUIET in wanted.kinds:
                await self.quieting.refresh()
            if place is None:  # from now on: what comes while this is written is in memory
                number, mine = self.hub.following, PlaceText(self.hub.place.offsets)
                await response.write(hello + beat(mine.text))
                if not await self.catch_up.from_memory(number, mine, wanted, response.write):
                    raise TooSlowError
            else:
                await response.write(hello)
                await self.catch_up.serve(PlaceText(place), wanted, response.write)
            client = Client(request, wanted)
        except (ConnectionError, TimeoutError, TooSlowError):
            if request.transport is not None:
                request.transport.abort()
            return response
        self.hub.join(client)  # nothing was awaited since the last event was written: there is no gap
        self.quieting.greet(client)
        try:
            await client.gone.wait()
        finally:
            self.hub.leave(client)
        return response
