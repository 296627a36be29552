"""Acting over HTTP: acknowledgements, previews of silences, and the review, by two gateways at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import msgspec
import pytest

from bordertally.agents.kafka.producer import Record
from bordertally.agents.kafka.topic_reader import read_topic
from bordertally.agents.producing.review import Reviewer, take_turns
from bordertally.streams.delivery.tokens import digest_of
from bordertally.streams.qualifiers import Qualifier
from bordertally.streams.reports.records import ClaimFields, Report
from bordertally.streams.reports.sources import parse_registry
from bordertally.streams.statements.records import Doubt, FoundClaim, Span
from bordertally.streams.statements.review import Item, make_item
from gateway.listening import listen
from live import Live, until

pytestmark = pytest.mark.kafka

TEXT = "Perhaps 1,200 people entered from Russia on 26 September."
# The worker of the week knows neither source: what they accept does not count there, and other tests see the week only.
REGISTRY = f"""
[sources.desk]
name = "The desk"
flows = ["RU"]
grade = "B"
tokens = ["{digest_of("desk")}"]

[sources.ge-desk]
name = "The desk in Tbilisi"
flows = ["RU:GE"]
grade = "B"
tokens = ["{digest_of("ge")}"]
"""


def item(report: str) -> Item:
    written = msgspec.convert({"id": report, "source": "ge-mia", "published": "2022-09-27T09:00:00Z"}, Report)
    claim = ClaimFields(
        flow="RU:GE", period="2022-09-26/2022-09-27", people=1200, qualifier=Qualifier.ABOUT, text=TEXT[8:20]
    )
    found = FoundClaim(
        claim=claim,
        quote=Span(8, 20),
        spans={"people": Span(8, 13)},
        confidence=0.5,
        doubts=(Doubt.UNCONFIRMED,),
    )
    return make_item(written, found, TEXT, "en")


class Gateways(NamedTuple):
    """Two gateways of one pipeline, and a client."""

    live: Live
    places: tuple[str, str]
    http: aiohttp.ClientSession

    async def answered(self, method: str, path: str, token: str, number: int = 0, **more: Any) -> tuple[int, Any]:
        url = f"http://{self.places[number]}{path}"
        async with self.http.request(method, url, headers={"Authorization": f"Bearer {token}"}, **more) as answer:
            return answer.status, await answer.json(content_type=None)


@pytest.fixture
async def gateways(week: Live, tmp_path: Path) -> AsyncIterator[Gateways]:
    (tmp_path / "sources.toml").write_text(REGISTRY, encoding="utf-8")
    environment = {
        "BORDERTALLY_SOURCES": str(tmp_path / "sources.toml"),
        "BORDERTALLY_READ_TOKENS": digest_of("reader"),
        "BORDERTALLY_ADMIN_TOKENS": digest_of("boss"),
    }
    started = [week.gateway(**environment) for _ in range(2)]
    async with aiohttp.ClientSession() as http:
        yield Gateways(week, (started[0].address, started[1].address), http)
    for server in started:
        await asyncio.to_thread(server.stop)


async def test_an_alert_is_acknowledged_and_everybody_sees_who_did(gateways: Gateways) -> None:
    _, listed = await gateways.answered("GET", "/v1/alerts?flow=RU:GE", "reader")
    (alert,) = listed["alerts"]
    path = f"/v1/alerts/{alert['id']}/acknowledgements"
    body = {"author": "ann", "note": "called Tbilisi"}
    assert (await gateways.answered("POST", path, "reader", json=body))[0] == 403
    assert (await gateways.answered("POST", "/v1/alerts/none/acknowledgements", "boss", json=body))[0] == 404
    status, problem = await gateways.answered("POST", path, "boss", json={"author": " "})
    assert (status, problem["field"], problem["value"]) == (422, "author", " ")
    events = listen(gateways.http, gateways.places[1], query={"kinds": "desk"}, token="reader")
    assert (await anext(events)).data["acknowledged"] == {}
    status, record = await gateways.answered("POST", path, "boss", json=body)
    assert status == 201
    wanted = body | {"alert": alert["id"], "flow": "RU:GE", "seq": alert["seq"], "severity": alert["severity"]}
    assert {name: value for name, value in record.items() if name != "at"} == wanted
    assert (await anext(events)).data["acknowledged"] == {alert["id"]: record}
    await events.aclose()
    _, listed = await gateways.answered("GET", "/v1/alerts?flow=RU:GE", "reader", 1)
    assert listed["acknowledged"] == {alert["id"]: record}
    _, second = await gateways.answered("POST", path, "boss", 1, json={"author": "bob"})
    _, shown = await gateways.answered("GET", f"/v1/alerts/{alert['id']}", "reader", 1)
    assert shown["acknowledged"] == [record, second]
    stored = await gateways.live.records(gateways.live.topics.acknowledgements, 2)
    assert [(each.key, json.loads(each.value or b"")) for each in stored] == [
        (alert["id"].encode(), record),
        (alert["id"].encode(), second),
    ]


async def test_a_preview_names_the_alerts_that_a_silence_would_cover(gateways: Gateways) -> None:
    for pattern, rule, flows in (("RU", None, ["RU:EU", "RU:GE"]), ("RU:G*", None, None), ("RU:GE", "drop", [])):
        query = {"pattern": pattern} | ({} if rule is None else {"rule": rule})
        status, shown = await gateways.answered("GET", "/v1/silences/preview", "reader", params=query)
        if flows is None:
            assert (status, shown["field"], shown["value"]) == (422, "pattern", pattern)
        else:
            assert sorted(alert["flow"] for alert in shown["alerts"]) == flows
            assert "RU:GE:verkhny-lars" in shown["flows"]
            assert "RU:KZ" in shown["flows"] or pattern != "RU"
    status, problem = await gateways.answered("GET", "/v1/silences/preview?pattern=RU&rule=none", "reader")
    assert (status, problem["field"], problem["value"]) == (422, "rule", "none")


async def test_two_reviewers_at_once_decide_once(gateways: Gateways) -> None:
    live, one, other = gateways.live, item("r1"), item("r2")
    await live.send([Record(live.topics.review, each.id.encode(), msgspec.json.encode(each)) for each in (one, other)])

    async def both() -> bool:
        rows = [await gateways.answered("GET", "/v1/review", "desk", number) for number in (0, 1)]
        return all(len(shown["items"]) == 2 for _, shown in rows)

    await until(both, "both gateways list both items")
    status, shown = await gateways.answered("GET", "/v1/review", "desk")
    assert (shown["source"], shown["sources"], shown["waiting"]) == ("desk", [], 2)
    assert (await gateways.answered("GET", "/v1/review", "reader"))[0] == 403
    path = f"/v1/review/{one.id}"
    replies = await asyncio.gather(
        *(
            gateways.answered("POST", path, token, number, json={"decision": "accepted"})
            for number, token in ((0, "desk"), (1, "ge"), (0, "ge"), (1, "desk"))
        )
    )
    assert sorted(status for status, _ in replies) == [201, 409, 409, 409]
    (decision,) = (answer for status, answer in replies if status == 201)
    status, problem = await gateways.answered("POST", path, "desk", json={"decision": "rejected"})
    assert status == 409
    assert problem["detail"].startswith(f"{decision['source']} has accepted it at 20")
    records = await read_topic(live.settings, live.topics.review)
    assert sum(b'"kind":"decision"' in (record.value or b"") for record in records) == 1
    raws = await read_topic(live.settings, live.topics.every_report[0])
    reports = [json.loads(raw.value or b"") for raw in raws if b'"review"' in (raw.value or b"")]
    assert [(report["source"], report["review"]) for report in reports] == [(decision["source"], one.id)]

    reviewer = Reviewer("ge-desk", parse_registry(REGISTRY, "registry"), live.topics, live.settings)
    assert await take_turns(reviewer, [other.id]) == {other.id: None}  # as bordertally review does
    status, problem = await gateways.answered("POST", f"/v1/review/{other.id}", "desk", json={"decision": "accepted"})
    assert (status, problem["detail"][:27]) == (409, "ge-desk is deciding on it s")
    (before,) = (await take_turns(reviewer, [one.id])).values()
    assert before == f"{decision['source']} has accepted it at {decision['published']}"


async def test_an_edit_is_checked_and_published_in_the_name_of_the_source(gateways: Gateways) -> None:
    live, made = gateways.live, item("r3")
    await live.send([Record(live.topics.review, made.id.encode(), msgspec.json.encode(made))])
    path = f"/v1/review/{made.id}"

    async def decide(token: str, **body: Any) -> tuple[int, Any]:
        return await gateways.answered("POST", path, token, json={"decision": "accepted"} | body)

    async def listed() -> bool:
        return (await decide("desk", edits={"people": "many"}))[0] == 422

    await until(listed, "the item is known")
    for token, body, status, field in (
        ("desk", {"edits": {"flow": "RU:KAZ"}}, 422, "flow"),
        ("ge", {"edits": {"flow": "RU:KZ"}}, 422, "flow"),
        ("desk", {"edits": {"colour": "red"}}, 422, "edits"),
        ("desk", {"source": "ge-desk"}, 403, "source"),
        ("boss", {}, 422, "source"),
        ("boss", {"source": "nobody"}, 422, "source"),
        ("reader", {}, 403, None),
    ):
        answer = await decide(token, **body)
        assert (answer[0], answer[1].get("field")) == (status, field), answer
    status, decision = await decide("boss", source="desk", edits={"people": 1300, "qualifier": None}, note="typo")
    assert (status, decision["decision"], decision["source"], decision["note"]) == (201, "edited", "desk", "typo")
    _, shown = await gateways.answered("GET", "/v1/review?state=decided&limit=1", "desk", 0)
    assert shown["items"][0] == {"item": json.loads(msgspec.json.encode(made)), "decision": decision}
