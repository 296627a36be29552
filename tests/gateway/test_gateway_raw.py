"""The gateway, a process of its own on real servers, asked by raw sockets for what no client would ask."""

from __future__ import annotations

import asyncio

import pytest

from bordertally.agents.servers.errors import ServerError
from bordertally.streams.delivery.tokens import digest_of
from live import Live, until
from unit.agents.gateway.raw import exchange, get, post

pytestmark = pytest.mark.kafka

ENDS = [b"\r", b"\x00", b"\x7f", b"\xff", b"\xc2\x9b"]


async def test_nothing_that_a_client_sends_is_a_token_in_the_log_or_an_error_of_the_gateway(week: Live) -> None:
    server = week.gateway(
        BORDERTALLY_READ_TOKENS=digest_of("read-tok"), BORDERTALLY_ADMIN_TOKENS=digest_of("admin-tok")
    )
    reader, admin = b"Authorization: Bearer read-tok", b"Authorization: Bearer admin-tok"
    before = server.log.read_text()
    for end in ENDS:
        answer = await exchange(server.port, get(b"/v1/flows", reader + end))
        assert answer.problem.status == (400 if end in b"\r\x00\x7f" else 401)
        assert b"read-tok" not in answer.body
    asked = {
        get(b"/v1/evidence?flow=RU:KZ&from=9999-12-31", reader): 200,
        get(b"/v1/evidence?flow=RU:KZ&to=0001-01-01", reader): 200,
        get(b"/v1/evidence?flow=RU:KZ&from=0001-01-01&to=9999-12-31", reader): 200,
        get(b"/v1/days?flow=RU:KZ&from=9999-12-31&to=0001-01-01", reader): 200,
        get(b"/v1/periods?flow=RU:KZ&from=0001-01-01&to=9999-12-31", reader): 400,
        get(b"/v1/periods?flow=RU:KZ&from=2022-09-26&to=9999-12-31", reader): 200,
        post(b"/v1/reports", b"xxxx", admin, b"Content-Encoding: deflate", b"Content-Length: 4"): 400,
    }
    begun = asyncio.get_running_loop().time()
    for request, status in asked.items():
        answer = await exchange(server.port, request)
        assert answer.status == status, (request, answer.body[:500])
        if status == 400:
            assert answer.problem.detail
    assert asyncio.get_running_loop().time() - begun < 10
    lines = server.log.read_text().removeprefix(before).splitlines()
    assert len(lines) == 3, lines  # one for each request that is not HTTP
    assert "read-tok" not in server.log.read_text()


async def test_a_stream_that_its_client_closes_is_free_at_once(week: Live) -> None:
    server = week.gateway(BORDERTALLY_GATEWAY_CLIENTS="1")

    async def opened() -> asyncio.StreamWriter | None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(get(b"/v1/stream"))
        if b" 200 " in await reader.readline():
            return writer
        writer.close()
        return None

    first = await opened()
    assert first is not None
    assert await opened() is None
    first.close()
    begun = asyncio.get_running_loop().time()

    async def free() -> bool:
        second = await opened()
        if second is not None:
            second.close()
        return second is not None

    await until(free, "the place is free")
    assert asyncio.get_running_loop().time() - begun < 5  # a heartbeat is sent every 15 seconds


async def test_another_number_of_partitions_is_the_sentence_of_a_worker(week: Live) -> None:
    with pytest.raises(ServerError, match=r"BORDERTALLY_PARTITIONS=7: topic \S+ has 4 partitions; set it to 4"):
        week.gateway(BORDERTALLY_PARTITIONS="7")
