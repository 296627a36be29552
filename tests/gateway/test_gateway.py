"""The gateway, a process of its own on real servers, asked over HTTP."""

from __future__ import annotations

from typing import Any

import aiohttp
import msgspec
import pytest

from bordertally.agents.demo.run import sample
from bordertally.streams.evidence.trace import trace
from bordertally.streams.replay.ledgers import kept_by
from gateway.conftest import shows_week
from live import Live, pure, until

pytestmark = pytest.mark.kafka


async def ask(http: aiohttp.ClientSession, path: str, status: int = 200, **options: Any) -> Any:
    async with http.get(path, **options) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json(content_type=None)


async def test_it_answers_what_the_pure_core_makes_of_the_reports(http: aiohttp.ClientSession) -> None:
    desk = pure(sample())
    flows = {row["flow"]: row for row in (await ask(http, "/v1/flows"))["flows"]}
    assert set(flows) == set(map(str, desk.states))
    assert flows["RU:GE"]["totals"]["7d"]["best"] == 53_000
    assert (flows["RU:GE"]["parent"], flows["RU"]["parent"]) == ("RU", None)
    assert flows["RU:GE"]["baseline"]["expected"] == 5_500
    assert flows["RU:KZ"]["baseline"] is None
    alerts = (await ask(http, "/v1/alerts"))["alerts"]
    assert {flows[alert["flow"]]["alert"] for alert in alerts} == {alert["id"] for alert in alerts}
    below = (await ask(http, "/v1/flows?flow=RU:EU"))["flows"]
    assert {row["flow"] for row in below} == {name for name in flows if (name + ":").startswith("RU:EU:")}
    (week,) = (await ask(http, "/v1/totals?flow=RU&window=7d"))["totals"]
    assert (week["low"], week["best"], week["high"], week["projected"]) == (196_929, 217_000, None, 18_857)
    days = (await ask(http, "/v1/days?flow=RU:GE&from=2022-09-26&to=2022-09-28"))["days"]
    assert [(day["day"], day["best"]) for day in days] == [("2022-09-26", 10_000), ("2022-09-27", 10_000)]
    sources = {row["source"]: row for row in (await ask(http, "/v1/sources"))["sources"]}
    assert sources["kz-mia"]["tz"] == "Asia/Almaty"


async def test_the_exactness_of_a_source_is_counted_from_the_rows_of_the_ledger(http: aiohttp.ClientSession) -> None:
    """A count of 1,461 is exact; 98,000 is known to 500 people, and "about 10,000" to a thousand."""
    wanted = {"lt-vsat": 1.0, "dgp": 1.0, "no-gov": 0.0, "kz-mia": 0.0, "ge-mia": 0.0, "frontex": 0.0}

    async def there() -> bool:  # it is written at its own pace
        rows = (await ask(http, "/v1/sources"))["sources"]
        return wanted.items() <= {row["source"]: row["exactness"] for row in rows}.items()

    await until(there, "the exactness of the sources")


async def test_evidence_goes_from_a_figure_down_to_the_words_of_its_reports(
    week: Live, http: aiohttp.ClientSession
) -> None:
    kept = kept_by(pure(sample()))
    names = week.registry.names
    wanted = msgspec.to_builtins(trace("RU:GE", kept, names))

    async def there() -> bool:  # it is written at its own pace
        return bool(await ask(http, "/v1/evidence?flow=RU:GE") == wanted)

    await until(there, "the evidence is that of the pure core")
    assert "Adding up every source would give 73,000: 20,000 would be counted twice." in wanted["says"]
    part = await ask(http, "/v1/evidence?flow=RU:GE&from=2022-09-26&to=2022-09-28")
    assert (part["from"], part["to"], part["figure"]["best"]) == ("2022-09-26", "2022-09-28", 20_000)
    for alert in (await ask(http, "/v1/alerts?flow=RU:GE"))["alerts"]:
        behind = (await ask(http, f"/v1/alerts/{alert['id']}"))["evidence"]
        assert (behind["flow"], behind["from"]) == ("RU:GE", alert["since"])
        assert {f"{claim['source']}/{claim['report']}" for claim in behind["claims"]} >= set(alert["reports"])


async def test_alerts_come_in_pages_and_with_their_history(week: Live, http: aiohttp.ClientSession) -> None:
    log = await week.alerts()
    every = (await ask(http, "/v1/alerts?state=all"))["alerts"]
    newest = {alert.id: alert.seq for alert in log}
    assert {alert["id"]: alert["seq"] for alert in every} == newest
    assert [alert["published"] for alert in every] == sorted((alert["published"] for alert in every), reverse=True)
    paged: list[Any] = []
    page = await ask(http, "/v1/alerts?state=all&limit=1")
    while page["next"]:
        paged += page["alerts"]
        page = await ask(http, f"/v1/alerts?state=all&limit=1&after={page['next']}")
    assert [*paged, *page["alerts"]] == every
    for alert in every:
        detail = await ask(http, f"/v1/alerts/{alert['id']}")
        published = [(record.seq, record.state.value) for record in log if record.id == alert["id"]]
        assert [(entry["seq"], entry["state"]) for entry in detail["history"]] == published
        assert detail["alert"] == alert
    warnings = (await ask(http, "/v1/alerts?state=all&severity=warning"))["alerts"]
    assert {warning["severity"] for warning in warnings} <= {"warning", "critical"}
    assert (await ask(http, "/v1/alerts?flow=RU:GE"))["alerts"][0]["flow"] == "RU:GE"


@pytest.mark.parametrize(
    ("path", "status", "field", "value"),
    [
        ("/v1/flows?flow=russia", 400, "flow", "russia"),
        ("/v1/flows?colour=red", 400, "colour", "red"),
        ("/v1/totals?flow=RU:GE&window=2d", 400, "window", "2d"),
        ("/v1/totals?flow=RU:US", 404, "flow", "RU:US"),
        ("/v1/days", 400, "flow", "null"),
        ("/v1/days?flow=RU&from=yesterday", 400, "from", "yesterday"),
        ("/v1/alerts?limit=0", 400, "limit", "0"),
        ("/v1/alerts?limit=5&limit=6", 400, "limit", "5, 6"),
        ("/v1/alerts?after=%C3%A4", 400, "after", "ä"),
        ("/v1/evidence", 400, "flow", "null"),
        ("/v1/evidence?flow=RU:XX", 400, "flow", "RU:XX"),
        ("/v1/evidence?flow=KZ:CN", 404, "flow", "KZ:CN"),
        ("/v1/evidence?flow=RU&from=2022-09-26&to=2022-09-26", 400, "to", "2022-09-26"),
        ("/v1/alerts/nobody", 404, "id", "nobody"),
        ("/v1/stream?kinds=alarms", 400, "kinds", "alarms"),
        ("/v1/stream?last_event_id=7", 400, "Last-Event-ID", "7"),
        ("/v1/nothing", 404, None, None),
    ],
)
async def test_errors_are_problem_details(
    http: aiohttp.ClientSession, path: str, status: int, field: str | None, value: str | None
) -> None:
    async with http.get(path) as answer:
        assert answer.status == status
        assert answer.content_type == "application/problem+json"
        problem = await answer.json(content_type=None)
    assert (problem["status"], problem.get("field"), problem.get("value")) == (status, field, value)
    assert problem["detail"]


async def test_an_answer_held_already_is_not_sent_again(http: aiohttp.ClientSession) -> None:
    async with http.get("/v1/flows") as answer:
        tag, length = answer.headers["ETag"], len(await answer.read())
        assert answer.headers["Content-Encoding"] in ("gzip", "deflate")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert length > 1024
    async with http.get("/v1/flows", headers={"If-None-Match": tag}) as answer:
        assert (answer.status, answer.headers["ETag"], await answer.read()) == (304, tag, b"")
    async with http.get("/v1/alerts", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 200


async def test_without_redis_it_says_so_and_the_stream_goes_on(week: Live, http: aiohttp.ClientSession) -> None:
    week.redis.kill()
    async with http.get("/v1/flows") as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
    async with http.get("/v1/stream?last_event_id=0&kinds=alerts") as answer:
        assert answer.status == 200
        async for line in answer.content:
            if line.startswith(b"data: "):
                break
    week.redis.start()

    async def answers_again() -> bool:
        async with http.get("/v1/flows") as answer:
            return answer.status == 200 and len((await answer.json())["flows"]) == len(pure(sample()).states)

    await until(answers_again, "the gateway answers out of a Redis that was filled again")
    await shows_week(week)
