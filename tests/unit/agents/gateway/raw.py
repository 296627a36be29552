"""Requests byte by byte: what a client of HTTP would never send, and the answer as it came."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import NamedTuple

import msgspec

from bordertally.agents.runtime.problems import MEDIA_TYPE, Problem

_decode = msgspec.json.Decoder(Problem).decode


class RawAnswer(NamedTuple):
    """Status, headers by lower-case name, and body; status 0 where the connection was closed without an answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> Problem:
        """The body, which must be a problem document."""
        assert self.headers["content-type"].partition(";")[0] == MEDIA_TYPE, (self.headers, self.body)
        problem = _decode(self.body)
        assert problem.status == self.status
        return problem


async def exchange(port: int, *parts: bytes, pause_s: float = 0.0) -> RawAnswer:
    """Send the parts of a request, with a pause behind each, and read until the gateway closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def received() -> bytes:
        raw = b""
        with suppress(ConnectionError):
            while more := await reader.read(65_536):
                raw += more
        return raw

    async with asyncio.timeout(20):
        answer = asyncio.create_task(received())
        with suppress(ConnectionError):
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(pause_s)
        raw = await answer
    writer.close()
    return parsed(raw)


def parsed(raw: bytes) -> RawAnswer:
    """The first answer in bytes."""
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    if not first:
        return RawAnswer(0, {}, b"")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return RawAnswer(int(first.split(" ")[1]), headers, body[: int(headers.get("content-length", len(body)))])


def get(path: bytes, *headers: bytes) -> bytes:
    """A GET that asks for the connection to be closed after it."""
    return b"\r\n".join([b"GET %b HTTP/1.1" % path, b"Host: 127.0.0.1", b"Connection: close", *headers, b"", b""])


def post(path: bytes, body: bytes, *headers: bytes) -> bytes:
    """A POST of JSON that asks for the connection to be closed after it."""
    first = [b"POST %b HTTP/1.1" % path, b"Host: 127.0.0.1", b"Connection: close", b"Content-Type: application/json"]
    return b"\r\n".join([*first, *headers, b"", b""]) + body
