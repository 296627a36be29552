"""A client of the stream: the hub writes to it without waiting and disconnects it when it is too slow."""

from __future__ import annotations

import asyncio

from aiohttp import web

from bordertally.agents.gateway.stream.events import Filter

BACKLOG = 256 * 1024
"""The most bytes that may wait for a client. A client further behind is disconnected; it resumes by Last-Event-ID."""


class Chunks:
    """The same bytes framed once: as a chunk for HTTP/1.1, plain for HTTP/1.0."""

    def __init__(self, data: bytes) -> None:
        self.plain = data
        self.chunked = b"%x\r\n%b\r\n" % (len(data), data)


class Client:
    """A connection whose headers are sent. The hub writes to the transport directly: no task wakes up for an event."""

    def __init__(self, request: web.Request, wanted: Filter) -> None:
        if request.transport is None:
            raise ConnectionResetError("the client has disconnected")
        self.filter = wanted
        self.gone = asyncio.Event()
        self.was_slow = False
        self._transport: asyncio.Transport = request.transport
        self._chunked = request.version >= (1, 1)

    def push(self, chunks: Chunks) -> bool:
        """Send the bytes; False when the client has gone or was disconnected as too slow."""
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
        """Close the connection at once and discard unsent bytes."""
        self._transport.abort()
        self.gone.set()
