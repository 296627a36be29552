"""Connections of the gateway, by raw sockets: what is not HTTP, slow clients, clients that have too many."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from bordertally.agents.cli.operate.gateway import AccessLines
from bordertally.agents.gateway import app as app_module
from bordertally.agents.gateway import connections
from bordertally.agents.gateway.app import create_gateway
from bordertally.agents.gateway.client_limits import LIMITS
from bordertally.agents.gateway.connections import PATIENCE, Patience, Site
from bordertally.agents.gateway.stream.hub import HUB
from bordertally.agents.gateway.writes import bodies
from bordertally.agents.runtime.context import log
from bordertally.agents.runtime.logs import PrettyLines
from bordertally.agents.servers.ports import free_port
from bordertally.streams.delivery.tokens import digest_of
from bordertally.streams.settings import load_settings
from unit.agents.gateway.kit import NOWHERE, Shelf, on_shelf
from unit.agents.gateway.raw import exchange, get, post

TOKEN = "read-tok"
SECRET = TOKEN.encode()


@asynccontextmanager
async def served(
    monkeypatch: pytest.MonkeyPatch, patience: Patience = PATIENCE, **settings: Any
) -> AsyncIterator[tuple[int, web.Application]]:
    """A gateway on a port of its own, ready as if it had read the topics."""
    on_shelf(monkeypatch, Shelf())
    app = create_gateway(load_settings(brokers=NOWHERE, **settings))
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    port = free_port()
    try:
        await Site(runner, "127.0.0.1", port, patience, access_log=log, access_log_class=AccessLines).start()
        app[HUB].ready.set()
        yield port, app
    finally:
        await runner.cleanup()


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged, as a person reads it, but for the search for Kafka."""
    formatter, quiet = PrettyLines(), ("aiokafka", "asyncio")
    kept = [record for record in caplog.records if record.name not in quiet and "for Kafka" not in record.getMessage()]
    return [formatter.format(record) for record in kept]


async def becomes(check: Callable[[], bool]) -> None:
    """Wait until a check holds; at most three seconds, less than between two heartbeats of the stream."""
    async with asyncio.timeout(3):
        while not check():  # noqa: ASYNC110 - the check looks at another task
            await asyncio.sleep(0.01)


NOT_HTTP = [
    (get(b"/v1/flows", b"Authorization: Bearer " + SECRET + b"\r"), 400),
    (get(b"/v1/flows", b"Authorization: Bearer " + SECRET + b"\x00"), 400),
    (get(b"/v1/flows", b"Authorization: Bearer " + SECRET + b"\x7f"), 400),
    (get(b"/v1/flows", b"Authorization: Bearer " + SECRET + b"\xff"), 401),
    (get(b"/v1/flows", b"Authorization: Bearer \xed\xa0\x80" + SECRET), 401),
    (get(b"/v1/flows", b"Authorization: Bearer " + SECRET + b"\xc2\x9b"), 401),
    (get(b"/v1/flows", b"Authorization : Bearer " + SECRET), 400),
    (get(b"/v1/flows", b"Authorization: Bearer", b" " + SECRET), 400),
    (get(b"/v1/flows", b"Authorization: Bearer " + SECRET * 10_000), 400),
    (get(b"/v1/flows", b"Authorization: Basic " + SECRET), 401),
    (get(b"/v1/flows?token=" + SECRET), 401),
    (get(b"/v1/flows " + SECRET), 400),
    (SECRET + b"\r\n\r\n", 400),
    (b"\x16\x03\x01\x02\x00\x01" + SECRET + b"\r\n\r\n", 400),
    (b"GET /v1/flows HTTP/1.1\r\nAuthorization: Bearer " + SECRET + b"\r\nContent-Length: x\r\n\r\n", 400),
    (b"GET http://[ HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + SECRET + b"\r\n\r\n", 400),
    (get(b"/v1/flows", b"Authorization: Bearer " + SECRET, b"Expect: tea"), 417),
]
"""Requests with a token in a place or a form that nobody expects, and the status of the answer."""


async def test_no_token_is_in_a_log_or_an_answer_and_an_error_costs_one_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(monkeypatch, read_tokens=digest_of(TOKEN)) as (port, _):
        for sent, status in NOT_HTTP:
            caplog.clear()
            with caplog.at_level(logging.INFO):
                answer = await exchange(port, sent)
            assert (answer.status, answer.headers["server"]) == (status, "bordertally"), sent
            assert answer.problem.detail
            assert SECRET not in answer.body
            logged = lines(caplog)
            assert TOKEN not in "".join(logged)
            assert len(logged) == (status == 400), sent
            assert all(len(line.splitlines()) == 1 and len(line) < 200 for line in logged)


async def test_a_value_of_an_unknown_parameter_that_may_be_a_token_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with served(monkeypatch) as (port, _):
        answer = await exchange(port, get(b"/v1/flows?access_token=" + SECRET))
    assert (answer.status, answer.problem.field, answer.problem.value) == (400, "access_token", "(not shown)")
    assert SECRET not in answer.body


ODD = [
    (get(b"/v1/evidence?flow=RU:KZ&from=9999-12-31"), 404, "flow"),
    (get(b"/v1/evidence?flow=RU:KZ&to=0001-01-01"), 404, "flow"),
    (post(b"/v1/reports", b"xxxx", b"Content-Encoding: deflate", b"Content-Length: 4"), 400, "Content-Encoding"),
    (post(b"/v1/reports", b"xxxx", b"Content-Encoding: gzip", b"Content-Length: 4"), 400, "Content-Encoding"),
    (post(b"/v1/reports", b"zz\r\nxxxx", b"Transfer-Encoding: chunked"), 400, None),
    (get(b"/v1/flows", b"Last-Event-ID: \xff"), 200, None),
    (get(b"/v1/flows", b"Authorization: Basic \xff"), 200, None),
    (get(b"/v1/flows", b"Expect: \xff"), 417, None),
    (get(b"/board/none.js"), 404, None),
    (get(b"/board/"), 404, None),
    (get(b"/board/overview/board.js", b"Range: bytes=9999999-", b"If-Match: x"), 200, None),
    (get(b"/v1/stream", b"Last-Event-ID: \xff"), 400, "Last-Event-ID"),
    (post(b"/v1/reports", b"{}", b"Content-Length: 2").replace(b"json", b"\xff"), 415, "Content-Type"),
    (get(b"/%1b%5d0;x%07"), 404, None),
    (get("/v1/alerts/\u202e".encode()), 400, None),
    (get(b"/v1/alerts/%E2%80%AE"), 404, "id"),
    (get(b"/v1/alerts/%ff%00"), 404, "id"),
    (b"GET /v1/flows HTTP/1.1\r\nHost: [\r\nConnection: close\r\n\r\n", 403, "Host"),
    (b"GET /v1/flows HTTP/1.1\r\nHost: \xff\r\nConnection: close\r\n\r\n", 403, "Host"),
    (b"GET /v1/flows HTTP/1.1\r\nHost: a:99999\r\nConnection: close\r\n\r\n", 403, "Host"),
]
"""Requests that are HTTP but hold what nobody expects, the status of the answer, and the field that it names."""


async def test_what_a_client_sends_is_never_an_error_of_the_gateway(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(monkeypatch) as (port, _):
        for sent, status, field in ODD:
            caplog.clear()
            with caplog.at_level(logging.WARNING):
                answer = await exchange(port, sent)
            assert answer.status == status, (sent, answer.body)
            if status >= 400:
                assert answer.problem.field == field
                assert answer.problem.detail.isprintable()
                assert b"\xe2\x80\xae" not in answer.body
            assert not lines(caplog), sent


async def test_a_slow_client_does_not_keep_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_S", 0.2)
    async with served(monkeypatch, Patience(head_s=0.2, idle_s=0.4, linger_s=0.1)) as (port, app):
        begun = asyncio.get_running_loop().time()
        nothing, slow, idle, body = await asyncio.gather(
            exchange(port),
            exchange(port, *(bytes([byte]) for byte in get(b"/healthz")), pause_s=0.02),
            exchange(port, get(b"/healthz").replace(b"close", b"keep-alive")),
            exchange(port, post(b"/v1/reports", b"{", b"Content-Length: 100")),
        )
        took = asyncio.get_running_loop().time() - begun
        assert not app[LIMITS].connections
    assert nothing.status == 0
    assert (slow.status, slow.problem.detail) == (408, "the request line and the headers did not arrive within 0.2 s")
    assert (idle.status, idle.body) == (200, b"ok\n")
    assert (body.status, body.problem.detail) == (408, "the body did not arrive within 0.2 s")
    assert took < 5


async def test_a_head_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    header = b"X-%d: " + b"x" * 60_000 + b"\r\n"
    async with served(monkeypatch) as (port, _):
        parts = [header % number for number in range(6)]
        answer = await exchange(port, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", *parts, pause_s=0.02)
    assert answer.status in (0, 431)  # 0: the answer is lost where the client was still sending


async def test_a_client_that_takes_no_answer_is_disconnected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_module, "openapi", lambda: {"large": "x" * 30_000_000})
    async with served(monkeypatch, Patience(answer_s=0.3)) as (port, app):
        monkeypatch.setattr(connections, "client_of", lambda *_: "203.0.113.7")
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1_000)
        writer.write(get(b"/v1/openapi.json"))
        await becomes(lambda: bool(app[LIMITS].connections))
        await becomes(lambda: not app[LIMITS].connections)
        writer.close()


async def test_a_closed_stream_frees_its_place_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    settings: dict[str, Any] = {"gateway_clients": 2, "gateway_proxies": "127.0.0.1", "gateway_clients_per_address": 1}
    ask = get(b"/v1/stream", b"X-Forwarded-For: 203.0.113.7")
    other = get(b"/v1/stream", b"X-Forwarded-For: 203.0.113.8")
    async with served(monkeypatch, **settings) as (port, app):

        async def opened(request: bytes) -> tuple[bytes, asyncio.StreamWriter]:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            return await reader.readuntil(b"\n\n"), writer

        async def count(wanted: int) -> None:
            await becomes(lambda: app[HUB].count() == wanted)

        first, mine = await opened(ask)
        assert first.startswith(b"HTTP/1.1 200")
        await count(1)
        again = await exchange(port, ask)
        assert (again.status, again.headers["retry-after"]) == (429, "10")
        assert "1 streams to one address" in again.problem.detail
        _, theirs = await opened(other)
        await count(2)
        assert (await exchange(port, get(b"/v1/stream"))).status == 503
        mine.close()
        await count(1)  # long before the next event or heartbeat
        answer, mine = await opened(ask)
        assert answer.startswith(b"HTTP/1.1 200")
        mine.close()
        theirs.close()
        await count(0)
        assert not app[LIMITS].streams


async def test_an_address_with_too_many_connections_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connections, "client_of", lambda *_: "203.0.113.7")
    with caplog.at_level(logging.INFO):
        async with served(monkeypatch, gateway_clients_per_address=2) as (port, app):
            kept = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
            await becomes(lambda: app[LIMITS].connections["203.0.113.7"] == 2)
            refused = await exchange(port)
            assert (refused.status, refused.headers["retry-after"]) == (429, "10")
            assert "2 connections from one address" in refused.problem.detail
            for _, writer in kept:
                writer.close()
            await becomes(lambda: not app[LIMITS].connections)
            assert (await exchange(port, get(b"/healthz"))).body == b"ok\n"
    assert len(lines(caplog)) == 1


async def test_what_is_refused_before_any_route_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(monkeypatch) as (port, _):
        await exchange(port, b"\x00\r\n\r\n")
        shown = (await exchange(port, get(b"/metrics"))).body.decode()
    assert 'bordertally_gateway_requests_total{route="(other)",status="400"} 1.0' in shown


async def test_a_client_that_leaves_in_the_middle_of_a_body_is_no_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        async with served(monkeypatch) as (port, _):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(post(b"/v1/reports", b"{", b"Content-Length: 100"))
            await asyncio.sleep(0.1)
            writer.close()
            await asyncio.sleep(0.1)
            assert (await exchange(port, get(b"/healthz"))).status == 200
    assert not lines(caplog)
