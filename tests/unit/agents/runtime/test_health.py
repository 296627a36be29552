"""Raw sockets on a worker's port: a request that is not HTTP gets a problem document and one line in the log."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import pytest

from bordertally.agents.runtime.context import Context
from bordertally.agents.runtime.health import Http
from bordertally.agents.servers.ports import free_port
from bordertally.streams.errors import ConfigError
from bordertally.streams.settings import load_settings
from unit.agents.gateway.raw import exchange, get, post
from unit.agents.gateway.test_connections import NOT_HTTP, SECRET, TOKEN, lines


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """The port of a worker that is not ready."""
    http = Http(Context.load(load_settings(http_port=free_port())))
    await http.start()
    yield http.context.settings.http_port
    await http.stop()


async def test_what_is_not_http_costs_one_line_and_repeats_no_token(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    for sent, by_gateway in NOT_HTTP:
        caplog.clear()
        with caplog.at_level(logging.INFO, logger="bordertally"):
            answer = await exchange(port, sent)
        status = 404 if by_gateway == 401 else by_gateway  # a worker asks for no token
        assert (answer.status, answer.headers["server"]) == (status, "bordertally"), sent
        assert answer.problem.detail
        assert SECRET not in answer.body
        logged = lines(caplog)
        assert TOKEN not in "".join(logged)
        assert len(logged) == (status == 400), sent
        assert all("worker: malformed request from 127.0.0.1: " in line and len(line) < 200 for line in logged)


async def test_another_path_or_method_is_told_what_a_worker_answers(port: int) -> None:
    missing = await exchange(port, get(b"/v1/flows"))
    assert (missing.status, missing.problem.detail) == (
        404,
        "a worker answers at /metrics, /healthz and /readyz only; for figures ask a gateway",
    )
    posted = await exchange(port, post(b"/metrics", b"{}", b"Content-Length: 2"))
    assert (posted.status, posted.headers["allow"]) == (405, "GET,HEAD")
    assert posted.problem.detail == "a worker answers GET and HEAD only"


async def test_an_error_of_the_worker_is_logged_and_told(
    port: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Context, "exposition", lambda _: 1 / 0)
    answer = await exchange(port, get(b"/metrics"))
    assert (answer.status, answer.problem.detail) == (500, "the worker failed on this request; see its log")
    assert ["GET /metrics failed" in line for line in lines(caplog)] == [True]
    answer = await exchange(port, get(b"/metrics", b"Expect: 100-Continue"))  # which is met: it is not to blame
    assert (answer.status, answer.body[:12]) == (100, b"HTTP/1.1 500")


async def test_the_routes_answer(port: int) -> None:
    assert (await exchange(port, get(b"/healthz"))).body == b"ok\n"
    ready = await exchange(port, get(b"/readyz"))
    assert (ready.status, ready.body.startswith(b"waiting for: ")) == (503, True)
    assert b"bordertally_build_info" in (await exchange(port, get(b"/metrics"))).body


async def test_a_port_that_is_taken_is_named(port: int) -> None:
    with pytest.raises(ConfigError, match=f"BORDERTALLY_HTTP_PORT={port}: taken on 127.0.0.1; choose another"):
        await Http(Context.load(load_settings(http_port=port))).on_start()
