"""A cut way looks like a network that is down: nothing is refused and nothing is lost, it only comes late."""

from __future__ import annotations

import asyncio

import pytest

from bordertally.agents.servers.ports import HOST, free_port
from chaos.detour import Detour


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while part := await reader.read(100):
        writer.write(part.upper())
    writer.close()


async def test_nothing_passes_a_cut_way_and_all_of_it_comes_when_it_is_mended() -> None:
    target, port = free_port(), free_port()
    async with await asyncio.start_server(_echo, HOST, target), Detour(port, target) as detour:
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(b"before")
        assert await reader.readexactly(6) == b"BEFORE"
        detour.cut()
        writer.write(b"meanwhile")
        late_reader, late = await asyncio.open_connection(HOST, port)  # accepted, as by a host that does not answer
        late.write(b"late")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(100), 0.2)
        detour.mend()
        assert await reader.readexactly(9) == b"MEANWHILE"
        assert await late_reader.readexactly(4) == b"LATE"
        for each in (writer, late):
            each.close()


async def test_who_comes_while_the_server_is_away_is_turned_away() -> None:
    port = free_port()
    async with Detour(port, free_port()):
        reader, writer = await asyncio.open_connection(HOST, port)
        assert await reader.read(100) == b""
        writer.close()
