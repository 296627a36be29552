"""A way to a server on this machine that can be cut off, as a network is: nothing arrives until it is whole again."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Self

HOST = "127.0.0.1"
CHUNK = 65_536


class Detour:
    """Listens on `port` and passes on what it gets to `target`, both ways.

    While it is cut, connections stay open and are accepted, but no byte passes, in neither direction. What was on its
    way arrives when it is mended: a network repeats what was not acknowledged.
    """

    def __init__(self, port: int, target: int) -> None:
        self.port, self.target = port, target
        self._whole = asyncio.Event()
        self._whole.set()
        self._passing: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, HOST, self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._passing:
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)

    def cut(self) -> None:
        """Let nothing pass."""
        self._whole.clear()

    def mend(self) -> None:
        """Let everything pass again."""
        self._whole.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._passing.add(task)
        task.add_done_callback(self._passing.discard)
        await self._whole.wait()
        try:
            there, back = await asyncio.open_connection(HOST, self.target)
        except OSError:
            writer.close()
            return
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass_on(reader, back))
                both.create_task(self._pass_on(there, writer))
        finally:
            writer.close()
            back.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while part := await reader.read(CHUNK):
                await self._whole.wait()
                writer.write(part)
                await writer.drain()
        writer.close()
