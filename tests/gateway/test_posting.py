"""POST /v1/reports on real servers: what is acknowledged is on Kafka, what is not says why."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bordertally.agents.servers.errors import ServerError
from bordertally.streams.delivery.tokens import digest_of
from live import Live, state_of, until

pytestmark = pytest.mark.kafka

REPORT = {
    "id": "kz-1",
    "source": "kz-mia",
    "published": "2022-09-27T09:00:00Z",
    "flow": "RU:KZ",
    "period": "2022-09-21/2022-09-28",
    "people": 98000,
    "qualifier": "stated",
}
REGISTRY = f"""
[sources.kz-mia]
name = "Kazakhstan's interior ministry"
flows = ["RU:KZ"]
grade = "B"
tokens = ["{digest_of("kz-secret")}"]

[sources.ge-mia]
name = "Georgia's interior ministry"
flows = ["RU:GE"]
grade = "B"
tokens = ["{digest_of("ge-old")}", "{digest_of("ge-new")}"]
"""


async def post(place: str, report: object, token: str | None = None, **headers: str) -> tuple[int, Any, Any]:
    """Status, body and headers."""
    given = {"Content-Type": "application/json"} | headers
    if token is not None:
        given["Authorization"] = f"Bearer {token}"
    body = report if isinstance(report, bytes) else json.dumps(report).encode()
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"http://{place}/v1/reports", data=body, headers=given) as answer,
    ):
        return answer.status, await answer.json(content_type=None), answer.headers


@pytest.fixture
def guarded(live_on_kafka: Live, tmp_path: Path) -> str:
    """The address of a gateway whose registry has tokens."""
    (tmp_path / "sources.toml").write_text(REGISTRY, encoding="utf-8")
    live_on_kafka.environment["BORDERTALLY_SOURCES"] = str(tmp_path / "sources.toml")
    return live_on_kafka.gateway(
        BORDERTALLY_READ_TOKENS=digest_of("reader"),
        BORDERTALLY_ADMIN_TOKENS=digest_of("boss"),
        BORDERTALLY_GATEWAY_REPORTS_PER_S="10",
        BORDERTALLY_REPORT_BYTES="2000",
    ).address


async def test_what_is_acknowledged_is_on_kafka_and_counts(live_on_kafka: Live) -> None:
    live = live_on_kafka
    live.worker()
    gateway = live.gateway().address
    status, answer, _ = await post(gateway, REPORT)
    assert (status, answer["topic"]) == (202, live.topics.every_report[0])
    (record,) = await live.records(answer["topic"], 1)
    assert (record.partition, record.offset) == (answer["partition"], answer["offset"])
    assert (record.key, json.loads(record.value or b"")) == (b"kz-mia", REPORT)

    async def counted() -> bool:
        states = await live.states()
        return "RU:KZ" in states and state_of(states["RU:KZ"]).totals[1].best == 98_000

    await until(counted, "the report counts")
    words = {"id": "w", "source": "kz-mia", "published": "2022-09-27T09:00:00Z"}
    status, answer, _ = await post(gateway, words | {"text": "Over the past week 98,000 Russians entered Kazakhstan."})
    assert status == 202


WRONG: list[tuple[dict[str, Any], int, str | None, str | None, str | None]] = [
    ({"people": -5}, 422, "people_out_of_range", "people", "-5"),
    ({"flow": "RU:QQ"}, 422, "unknown_country", "flow", "RU:QQ"),
    ({"flow": "RU:GE"}, 422, "flow_not_allowed", "flow", "RU:GE"),
    ({"published": "soon"}, 422, "bad_time", "published", "soon"),
    ({"period": "2022-09-28/2022-09-21"}, 422, "bad_period", "period", "2022-09-28/2022-09-21"),
    ({"text": "x" * 3000}, 413, "too_large", None, None),
    ({"source": "ge-mia"}, 403, None, "source", "ge-mia"),
]


async def test_what_is_wrong_is_said_with_field_and_reason(guarded: str) -> None:
    for change, status, reason, field, value in WRONG:
        got, problem, _ = await post(guarded, REPORT | change, "kz-secret")
        refusal = tuple(problem.get(name) for name in ("status", "reason", "field", "value"))
        assert (got, refusal) == (status, (status, reason, field, value))


async def test_tokens(guarded: str) -> None:
    assert (await post(guarded, REPORT, "kz-secret"))[0] == 202
    assert (await post(guarded, REPORT, "boss"))[0] == 202
    status, _, headers = await post(guarded, REPORT)
    assert (status, headers["WWW-Authenticate"]) == (401, 'Bearer realm="bordertally"')
    assert (await post(guarded, REPORT, "wrong"))[0] == 401
    assert (await post(guarded, REPORT, "reader"))[0] == 403
    georgia = REPORT | {"source": "ge-mia", "flow": "RU:GE"}
    assert [(await post(guarded, georgia, token))[0] for token in ("ge-old", "ge-new")] == [202, 202]
    async with aiohttp.ClientSession(f"http://{guarded}") as http:
        for given, status in ((None, 401), ("reader", 200), ("boss", 200), ("kz-secret", 403), ("wrong", 401)):
            headers = {} if given is None else {"Authorization": f"Bearer {given}"}
            async with http.get("/v1/flows", headers=headers) as answer:
                assert answer.status == status, given
        async with http.get("/alerts.atom", headers={"Accept": "text/html"}) as answer:
            assert answer.headers["WWW-Authenticate"].startswith("Basic")
        basic = {"Authorization": "Basic " + base64.b64encode(b":reader").decode()}
        async with http.get("/alerts.atom", headers=basic) as answer:
            assert answer.status == 200
        for path in ("/healthz", "/", "/board/overview/board.js"):  # nothing of what is known is in them
            async with http.get(path) as answer:
                assert answer.status == 200
        async with http.get("/board/../v1/flows") as answer:
            assert answer.status == 401


async def test_a_source_that_sends_too_much_is_told_when_to_go_on(guarded: str) -> None:
    answers = await asyncio.gather(*(post(guarded, REPORT, "kz-secret") for _ in range(60)))
    refused = [headers for status, _, headers in answers if status == 429]
    assert refused
    assert all(int(headers["Retry-After"]) >= 1 for headers in refused)
    assert (await post(guarded, REPORT | {"source": "ge-mia", "flow": "RU:GE"}, "ge-new"))[0] == 202


async def test_without_tokens_it_answers_this_machine_only(live_on_kafka: Live) -> None:
    with pytest.raises(ServerError, match="an address other than loopback needs"):
        live_on_kafka.gateway(BORDERTALLY_GATEWAY_HOST="0.0.0.0")
    place = live_on_kafka.gateway().address
    assert (await post(place, REPORT, Host="evil.example"))[1]["field"] == "Host"
    assert (await post(place, REPORT, **{"Content-Type": "text/plain"}))[0] == 415
    async with aiohttp.ClientSession(f"http://{place}") as http, http.post("/v1/flows") as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "GET,HEAD")


async def test_it_is_not_acknowledged_while_kafka_is_away(live_on_kafka: Live) -> None:
    live = live_on_kafka
    place = live.gateway(BORDERTALLY_ACKNOWLEDGE_S="1").address
    assert (await post(place, REPORT))[0] == 202
    live.broker.pause()
    try:
        status, problem, headers = await post(place, REPORT | {"id": "kz-2"})
    finally:
        live.broker.resume()
    assert (status, headers["Retry-After"]) == (503, "2")
    assert "counts once" in problem["detail"]

    async def again() -> bool:
        return (await post(place, REPORT | {"id": "kz-2"}))[0] == 202

    await until(again, "Kafka is back")
