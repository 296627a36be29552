"""A client of the stream, as a browser's EventSource is one: it keeps the last id and comes back with it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any, NamedTuple

import aiohttp


class Heard(NamedTuple):
    """An event, and the id in force after it."""

    place: str
    name: str
    data: Any


async def listen(
    http: aiohttp.ClientSession,
    place: str,
    last: str = "",
    query: dict[str, str] | None = None,
    *,
    beats: bool = False,
    token: str = "",
) -> AsyncGenerator[Heard, None]:
    """Events from a gateway at `place` (host:port), from `last` on; with `beats`, ids without an event too."""
    headers = {"Last-Event-ID": last} if last else {}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    timeout = aiohttp.ClientTimeout(total=None, sock_read=60)
    url = f"http://{place}/v1/stream"
    async with http.get(url, params=query or {}, headers=headers, timeout=timeout) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.content_type == "text/event-stream"
        name, data, at = "", list[str](), last
        async for raw in answer.content:
            field, _, value = raw.decode().rstrip("\n").partition(": ")
            if field == "id":
                at = value
            elif field == "event":
                name = value
            elif field == "data":
                data.append(value)
            elif not field:
                if data:
                    yield Heard(at, name, json.loads("\n".join(data)))
                elif beats and at:
                    yield Heard(at, "", None)
                name, data = "", []
