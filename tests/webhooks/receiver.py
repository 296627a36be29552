"""A receiver of webhooks as subscribers run one: it verifies what comes and answers as it is told to."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from answering import answering
from bordertally.agents.servers.ports import free_port

Answer = Callable[["Got"], web.Response]


class Got(NamedTuple):
    """A request that came: path, headers of the specification, payload, and by which of our secrets it is verified.

    `traceparent`: the context of the trace it belongs to, if any.
    """

    path: str
    id: str
    timestamp: int
    signature: str
    payload: dict[str, Any]
    verified: list[bool]
    at: float
    traceparent: str | None = None

    @property
    def event(self) -> tuple[str, int]:
        """The alert and its seq."""
        return self.payload["data"]["id"], self.payload["data"]["seq"]


class Receiver:
    """Listens on a port of its own; `answer` decides on each request, 204 by default."""

    def __init__(self, *secrets: str) -> None:
        self.keys = [Webhook(secret) for secret in secrets]
        self.port = free_port()
        self.got: list[Got] = []
        self.raw: list[bytes] = []
        self.answer: Answer = lambda _: web.Response(status=204)

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def taken(self, path: str = "/hook") -> list[Got]:
        return [delivery for delivery in self.got if delivery.path == path]

    async def handle(self, request: web.Request) -> web.Response:
        raw = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        delivery = Got(
            request.path,
            headers["webhook-id"],
            int(headers["webhook-timestamp"]),
            headers["webhook-signature"],
            json.loads(raw),
            [_verifies(key, raw, headers) for key in self.keys],
            time.time(),
            headers.get("traceparent"),
        )
        self.got.append(delivery)
        self.raw.append(raw)
        return self.answer(delivery)


def _verifies(key: Webhook, raw: bytes, headers: dict[str, str]) -> bool:
    try:
        key.verify(raw, headers)
    except WebhookVerificationError:
        return False
    return True


@asynccontextmanager
async def receiving(*secrets: str) -> AsyncIterator[Receiver]:
    receiver = Receiver(*secrets)
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", receiver.handle)
    async with answering(app, receiver.port):
        yield receiver
