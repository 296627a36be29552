"""The whole API as known on a moment: replayed from the topics, by a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import aiohttp
import msgspec
import pytest

from bordertally.agents.demo.run import sample
from bordertally.streams.flows import Flow
from live import Live, pure

pytestmark = pytest.mark.kafka


class Split(NamedTuple):
    """A pipeline to which the sample came in two halves, and the moment between them."""

    live: Live
    first: list[bytes]
    between: str
    http: aiohttp.ClientSession


@pytest.fixture
async def split(live_on_kafka: Live) -> AsyncIterator[Split]:
    raws = sample()
    first, second = raws[: len(raws) // 2], raws[len(raws) // 2 :]
    await live_on_kafka.publish(first)
    await asyncio.sleep(0.1)  # arrivals are told apart by the millisecond
    between = datetime.now(UTC).isoformat()
    await asyncio.sleep(0.1)
    await live_on_kafka.publish(second)
    gateway = await asyncio.to_thread(live_on_kafka.gateway, BORDERTALLY_GATEWAY_PAST_REPORTS="10000")
    async with aiohttp.ClientSession(f"http://{gateway.address}") as http:
        yield Split(live_on_kafka, first, between, http)


async def asked(http: aiohttp.ClientSession, path: str, at: str, **query: str) -> tuple[int, Any]:
    """The answer, once the moment has been replayed."""
    for _ in range(300):
        async with http.get(path, params={"at": at} | query) as answer:
            body = await answer.json()
            if answer.status != 202:
                return answer.status, body
            assert body.keys() == {"at", "read", "reports", "applied", "claims"}
        await asyncio.sleep(0.1)
    pytest.fail("the moment was not replayed within 30 s")


async def test_figures_alerts_and_evidence_are_those_of_the_reports_that_had_arrived(split: Split) -> None:
    then, now = pure(split.first), pure(sample())
    assert then.states[Flow("RU")].totals != now.states[Flow("RU")].totals
    status, shown = await asked(split.http, "/v1/totals", split.between)
    assert status == 200
    wanted = [total for flow in sorted(then.states) for total in then.states[flow].totals]
    assert shown["totals"] == msgspec.to_builtins(wanted)
    later = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    _, shown = await asked(split.http, "/v1/totals", later)
    assert shown["totals"] == msgspec.to_builtins(
        [total for flow in sorted(now.states) for total in now.states[flow].totals]
    )
    _, listed = await asked(split.http, "/v1/alerts", split.between, state="all")
    assert {(alert["id"], alert["seq"]) for alert in listed["alerts"]} == {
        (alert.id, max(each.seq for each in then.log if each.id == alert.id)) for alert in then.log
    }
    flow = min(then.states)
    _, evidence = await asked(split.http, "/v1/evidence", split.between, flow=flow)
    assert {claim["report"] for claim in evidence["claims"]} <= {
        msgspec.json.decode(raw)["id"] for raw in split.first if b'"id"' in raw
    }
    _, sources = await asked(split.http, "/v1/sources", split.between)
    assert any(source["last_published"] for source in sources["sources"])


async def test_a_moment_that_cannot_be_shown_is_refused_with_the_reason(live_on_kafka: Live) -> None:
    live = live_on_kafka
    await live.publish(sample())
    gateway = await asyncio.to_thread(live.gateway, BORDERTALLY_GATEWAY_PAST_REPORTS="3")
    async with aiohttp.ClientSession(f"http://{gateway.address}") as http:
        future = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        status, problem = await asked(http, "/v1/flows", future)
        assert (status, problem["field"], "is in the future" in problem["detail"]) == (400, "at", True)
        status, problem = await asked(http, "/v1/flows", "2022-09-27T09:00:00")
        assert (status, problem["field"]) == (400, "at")
        status, problem = await asked(http, "/v1/flows", datetime.now(UTC).isoformat())
        assert (status, problem["field"]) == (422, "at")
        assert "reports had arrived by then; the gateway replays at most 3" in problem["detail"]
