"""One who listens to the stream: written to without waiting, and cut when too slow."""

from __future__ import annotations

import asyncio

from aiohttp import web

from bordertally.agents.gateway.stream.events import Filter

BACKLOG = 256 * 1024
"""Bytes that may wait for a client; one that is further behind is cut, and comes back with its Last-Event-ID."""


class Chunks:
    """The same bytes for clients of HTTP/1.1, which get chunks, and of 1.0, which do not; framed once."""

    def __init__(self, data: bytes) -> None:
        self.plain = data
        self.chunked = b"%x\r\n%b\r\n" % (len(data), data)


class Client:
    """A connection whose headers are sent. The hub writes to its transport itself: no task wakes up for an event."""

    def __init__(self, request: web.Request, wanted: Filter) -> None:
        if request.transport is None:
            raise ConnectionResetError("the client has gone")
        self.filter = wanted
        self.gone = asyncio.Event()
        self.was_slow = False
        self._transport: asyncio.Transport = request.transport
        self._chunked = request.version >= (1, 1)

    def push(self, chunks: Chunks) -> bool:
        """Send; False when there is nobody any more, or one too slow."""
        transport = self._transport
        if transport.is_closing():
            self.gone.set()
            return False
        if transport.get_write_buffer_size() > BACKLOG:
            self.was_slow = True
            self.cut()
            return False
        transport.write(chunks.chunked if self._chunked else chunks.plain)
        return True

    def cut(self) -> None:
        """Drop the connection at once, with what waits for it."""
        self._transport.abort()
        self.gone.set()
