"""What a gateway answers, without servers: the view in Redis is a dict that reports were worked out into."""

from __future__ import annotations

import csv
import io
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp.test_utils import TestClient
from yarl import URL

from bordertally.agents.delivery.redis.keys import (
    ALERTS,
    EXACT_CLAIMS,
    FLOWS,
    OPEN_ALERTS,
    SOURCES,
    flow_key,
    statements_key,
)
from bordertally.agents.gateway.view import LISTED_S, ServingView
from bordertally.streams.alerts.silences import Silence
from bordertally.streams.delivery.tokens import digest_of
from bordertally.streams.ledger.rows import BLOCK_DAYS
from bordertally.streams.settings import load_settings
from bordertally.streams.totals.windows import WINDOWS
from unit.agents.gateway.kit import Shelf, gateway, on_shelf
from unit.kit import alert_record, claim, daily, ordinal, told
from unit.streams.totals.test_revisions import revised

Client = TestClient[Any, Any]

WEEK = told(
    claim(7_000, "2022-09-21/P7D", "RU:KZ", "a", qualifier="count", id="week"),
    *daily([400, 900, 400], "2022-09-21", flow="RU:GE", normal={"daily": 400}, qualifier="count"),
    claim(60, "2022-09-27", "RU:GE:lars", "c", id="lars"),
)
"""RU:KZ: 1,000 a day; RU:GE: 400, 900 (an alert, critical) and 400; its checkpoint: 60 four days later."""


@pytest.fixture
def shelf() -> Shelf:
    shelf = Shelf()
    shelf.show(WEEK)
    shelf.heard(a=1_663_000_000_000_000)
    return shelf


@pytest.fixture
async def http(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    async with gateway(shelf, monkeypatch) as client:
        yield client


async def ask(http: Client, path: str, status: int = 200, **headers: str) -> Any:
    async with http.get(path, headers=headers) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json(content_type=None)


async def test_flows_are_told_with_those_below_or_all_of_them(http: Client) -> None:
    flows = {row["flow"]: row for row in (await ask(http, "/v1/flows"))["flows"]}
    assert list(flows) == ["RU", "RU:GE", "RU:GE:lars", "RU:KZ"]
    assert flows["RU:KZ"]["totals"]["7d"]["best"] == 7_000
    assert (flows["RU:GE:lars"]["parent"], flows["RU"]["parent"]) == ("RU:GE", None)
    assert (flows["RU:KZ"]["rate"], flows["RU:KZ"]["rate_day"], flows["RU:KZ"]["as_of"]) == (
        1_000,
        "2022-09-27",
        "2022-09-28",
    )
    below = (await ask(http, "/v1/flows?flow=RU:GE"))["flows"]
    assert [row["flow"] for row in below] == ["RU:GE", "RU:GE:lars"]
    for depth, names in ((0, ["RU"]), (1, ["RU", "RU:GE", "RU:KZ"]), (2, ["RU", "RU:GE", "RU:GE:lars", "RU:KZ"])):
        assert [row["flow"] for row in (await ask(http, f"/v1/flows?depth={depth}"))["flows"]] == names
    await ask(http, "/v1/flows?depth=4", 400)


async def test_totals_are_of_the_flows_and_the_window_asked_for(http: Client) -> None:
    totals = (await ask(http, "/v1/totals?flow=RU:KZ&window=7d"))["totals"]
    assert [(total["flow"], total["window_days"], total["best"]) for total in totals] == [("RU:KZ", 7, 7_000)]
    every = (await ask(http, "/v1/totals?flow=RU:KZ"))["totals"]
    windows = {total["window_days"]: total["best"] for total in every}
    assert (list(windows), windows[1], windows[7], windows[30]) == ([*WINDOWS], 1_000, 7_000, 7_000)
    assert {total["flow"] for total in (await ask(http, "/v1/totals"))["totals"]} == {
        "RU",
        "RU:GE",
        "RU:GE:lars",
        "RU:KZ",
    }


async def test_a_total_shows_its_band_after_revisions(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.show(told(revised(45, flow="RU:AZ")))
    async with gateway(shelf, monkeypatch) as http:
        (total,) = (await ask(http, "/v1/totals?flow=RU:AZ&window=7d"))["totals"]
        assert total["after_revisions"] == {"low": 759, "high": 759}  # 720 x 770 / 730
        async with http.get("/v1/totals?flow=RU:AZ&flow=RU:KZ&window=7d&format=csv") as answer:
            rows = csv.DictReader(io.StringIO(await answer.text()))
            bands = {row["flow"]: (row["after_revisions_low"], row["after_revisions_high"]) for row in rows}
            assert bands == {"RU:AZ": ("759", "759"), "RU:KZ": ("", "")}


async def test_periods_are_any_days_or_those_of_the_calendar(http: Client) -> None:
    (total,) = (await ask(http, "/v1/periods?flow=RU:GE&from=2022-09-22&to=2022-09-24"))["periods"]
    assert (total["period"], total["from"], total["to"]) == ("2022-09-22/2022-09-24", "2022-09-22", "2022-09-24")
    assert (total["best"], total["covered_days"]) == (1_300, 2)
    assert total["days"] == [{"day": "2022-09-22", "best": 900}, {"day": "2022-09-23", "best": 400}]
    weeks = (await ask(http, "/v1/periods?flow=RU:KZ&each=week"))["periods"]
    assert [(week["period"], week["best"], week["covered_days"]) for week in weeks] == [
        ("2022-W38", 5_000, 5),  # 21 to 25 September
        ("2022-W39", 2_000, 2),
    ]
    (september,) = (await ask(http, "/v1/periods?flow=RU:KZ&from=2022-09-01&to=2022-10-01"))["periods"]
    (month,) = (await ask(http, "/v1/periods?flow=RU:KZ&each=month"))["periods"]
    assert {**september, "period": "2022-09", "days": []} == month
    year = (await ask(http, "/v1/periods?flow=RU:KZ&from=2022-01-01&to=2023-01-01"))["periods"]
    assert [(total["period"], total["best"]) for total in year] == [("2022", 7_000)]  # its days are not stored, it is
    rows = (await ask(http, "/v1/flows?flow=RU:KZ"))["flows"][0]["calendar"]
    assert [row["period"] for row in rows] == ["2022-W38", "2022-W39", "2022-09", "2022"]
    async with http.get("/v1/periods?flow=RU:KZ&each=month&format=csv") as answer:
        assert (await answer.text()).splitlines()[1] == "RU:KZ,2022-09,2022-09-01,2022-10-01,7000,7000,,7"


async def test_days_are_those_from_a_date_up_to_another(http: Client) -> None:
    asked = await ask(http, "/v1/days?flow=RU:GE&from=2022-09-22&to=2022-09-24")
    assert asked["flow"] == "RU:GE"
    assert [(day["day"], day["best"]) for day in asked["days"]] == [("2022-09-22", 900), ("2022-09-23", 400)]
    both = await ask(http, "/v1/days?flow=RU:GE&flow=RU:KZ&from=2022-09-27")
    assert both["flow"] is None
    assert [(day["flow"], day["best"]) for day in both["days"]] == [("RU:GE", 60), ("RU:KZ", 1_000)]


async def test_flows_and_totals_come_in_pages_by_path(http: Client) -> None:
    for path, rows in (("/v1/flows", "flows"), ("/v1/totals?window=7d", "totals")):
        pages, after = list[list[str]](), ""
        while after is not None:
            page = await ask(http, f"{path}{'&' if '?' in path else '?'}limit=3" + (after and f"&after={after}"))
            pages.append([row["flow"] for row in page[rows]])
            after = page["next"]
        assert pages == [["RU", "RU:GE", "RU:GE:lars"], ["RU:KZ"]]
    assert (await ask(http, "/v1/flows?flow=RU:GE&limit=1&after=RU:GE"))["next"] is None  # RU:KZ is not asked for
    await ask(http, "/v1/flows?limit=1001", 400)
    async with http.get("/v1/flows?format=csv&limit=3") as answer:
        assert len((await answer.text()).splitlines()) == 1 + 3
        following = URL(answer.links["next"]["url"]).relative()
    async with http.get(following) as answer:
        assert [line.split(",")[0] for line in (await answer.text()).splitlines()] == ["flow", "RU:KZ"]
        assert "next" not in answer.links


async def test_alerts_are_listed_newest_first_in_pages(shelf: Shelf, http: Client) -> None:
    for number in range(5):
        record = alert_record("RU:KZ", alert=f"alert-{number}", severity="warning" if number % 2 else "notice")
        shelf.alert(msgspec.structs.replace(record, published=f"2022-10-0{1 + number // 2}T00:00:00Z"))
    every = (await ask(http, "/v1/alerts?state=all&flow=RU:KZ"))["alerts"]
    assert [alert["id"] for alert in every] == ["alert-4", "alert-3", "alert-2", "alert-1", "alert-0"]
    for state in ("open", "all"):
        paged, after = list[str](), ""
        while after is not None:
            page = await ask(http, f"/v1/alerts?state={state}&flow=RU:KZ&limit=2" + (after and f"&after={after}"))
            assert len(page["alerts"]) <= 2
            paged += [alert["id"] for alert in page["alerts"]]
            after = page["next"]
        assert paged == [alert["id"] for alert in every]
    severe = (await ask(http, "/v1/alerts?flow=RU:KZ&severity=warning"))["alerts"]
    assert [alert["id"] for alert in severe] == ["alert-3", "alert-1"]


async def test_an_alert_is_told_with_its_history_and_its_evidence(http: Client) -> None:
    (listed,) = (await ask(http, "/v1/alerts?state=all&flow=RU:GE"))["alerts"]
    detail = await ask(http, f"/v1/alerts/{listed['id']}")
    assert detail["alert"] == listed
    assert [record["seq"] for record in detail["history"]] == list(range(1, listed["seq"] + 1))
    assert (detail["evidence"]["flow"], detail["evidence"]["from"]) == ("RU:GE", "2022-09-22")
    flows = {row["flow"]: row["alert"] for row in (await ask(http, "/v1/flows"))["flows"]}
    assert flows["RU:GE"] == (listed["id"] if listed["state"] != "resolved" else None)


async def test_sources_are_those_of_the_registry_with_their_newest_report(http: Client) -> None:
    sources = {row["source"]: row for row in (await ask(http, "/v1/sources"))["sources"]}
    assert sources["kz-mia"]["tz"] == "Asia/Almaty"
    assert sources["kz-mia"]["last_published"] is None


async def test_sources_say_what_share_of_their_newest_claims_is_exact(shelf: Shelf, http: Client) -> None:
    shelf.hashes[EXACT_CLAIMS] = {
        b"RU:KZ|1": b'{"kz-mia": [3, 4]}',
        b"RU:KZ:syrym|1": b'{"kz-mia": [0, 2], "x": [1, 1]}',
    }
    sources = {row["source"]: row for row in (await ask(http, "/v1/sources"))["sources"]}
    assert [sources[source]["exactness"] for source in ("kz-mia", "frontex")] == [0.5, None]
    assert sources["kz-mia"]["relays"] is None


async def test_silences_are_those_that_hold_now_or_all(shelf: Shelf, http: Client) -> None:
    now = datetime.now(UTC)
    for name, until in (("holds", now + timedelta(hours=1)), ("over", now - timedelta(hours=1))):
        silence = Silence(
            id=name, flow="RU:GE", since=now - timedelta(hours=2), until=until, author="me", comment="roadworks"
        )
        shelf.silence(silence)
    shelf.alert(alert_record("RU:GE", alert="open"))
    assert [silence["id"] for silence in (await ask(http, "/v1/silences"))["silences"]] == ["holds"]
    assert [silence["id"] for silence in (await ask(http, "/v1/silences?state=all"))["silences"]] == ["over", "holds"]
    assert (await ask(http, "/v1/alerts?flow=RU:GE"))["quiet"]["open"] == {"silenced_by": "holds", "inhibited_by": None}
    assert (await ask(http, "/v1/alerts/open"))["quiet"]["silenced_by"] == "holds"


@pytest.mark.parametrize(
    ("path", "status", "field", "value"),
    [
        ("/v1/flows?flow=russia", 400, "flow", "russia"),
        ("/v1/flows?colour=red", 400, "colour", "red"),
        ("/v1/totals?flow=RU:GE&window=2d", 400, "window", "2d"),
        ("/v1/totals?flow=RU:US", 404, "flow", "RU:US"),
        ("/v1/days", 400, "flow", "null"),
        ("/v1/days?flow=RU&from=yesterday", 400, "from", "yesterday"),
        ("/v1/periods?flow=RU:KZ", 400, "from", "null"),
        ("/v1/periods?flow=RU:KZ&from=2022-09-21", 400, "to", "null"),
        ("/v1/periods?flow=RU:KZ&from=2022-09-21&to=2022-09-21", 400, "to", "2022-09-21"),
        ("/v1/periods?flow=RU:KZ&from=2022-09-21&to=2022-09-22&each=week", 400, "each", "week"),
        ("/v1/periods?flow=RU:KZ&each=decade", 400, "each", "decade"),
        ("/v1/periods?flow=RU:KZ&from=2022-08-28&to=2022-09-22", 400, "from", "2022-08-28"),
        ("/v1/alerts?limit=0", 400, "limit", "0"),
        ("/v1/alerts?limit=5&limit=6", 400, "limit", "5, 6"),
        ("/v1/alerts?after=%C3%A4", 400, "after", "ä"),
        ("/v1/evidence", 400, "flow", "null"),
        ("/v1/evidence?flow=KZ:CN", 404, "flow", "KZ:CN"),
        ("/v1/evidence?flow=RU&from=2022-09-26&to=2022-09-26", 400, "to", "2022-09-26"),
        ("/v1/alerts/nobody", 404, "id", "nobody"),
        ("/v1/alerts/nobody.cap", 404, "id", "nobody"),
        ("/v1/stream?kinds=alarms", 400, "kinds", "alarms"),
        ("/v1/nothing", 404, None, None),
    ],
)
async def test_errors_are_problem_details(
    http: Client, path: str, status: int, field: str | None, value: str | None
) -> None:
    async with http.get(path) as answer:
        assert (answer.status, answer.content_type) == (status, "application/problem+json")
        problem = await answer.json(content_type=None)
    assert (problem["status"], problem.get("field"), problem.get("value")) == (status, field, value)
    assert problem["detail"]


async def test_a_method_that_is_not_allowed_is_named(http: Client) -> None:
    async with http.post("/v1/flows") as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "GET,HEAD")
        assert "does not allow POST" in (await answer.json(content_type=None))["detail"]


async def test_without_redis_it_says_so_and_when_to_try_again(shelf: Shelf, http: Client) -> None:
    shelf.away = True
    async with http.get("/v1/flows") as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
        assert "Redis does not respond" in (await answer.json(content_type=None))["detail"]


async def test_an_answer_held_already_is_not_sent_again(http: Client) -> None:
    async with http.get("/v1/flows") as answer:
        tag, length = answer.headers["ETag"], len(await answer.read())
        assert answer.headers["Content-Encoding"] in ("gzip", "deflate")
        assert answer.headers["Cache-Control"] == "no-cache"
    assert length > 1024
    async with http.get("/v1/flows", headers={"If-None-Match": tag}) as answer:
        assert (answer.status, answer.headers["ETag"], await answer.read()) == (304, tag, b"")
    async with http.get("/v1/alerts", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    ("accept", "form", "csv_wanted"),
    [
        ("text/csv", "", True),
        ("text/csv, application/json;q=0.5", "", True),
        ("text/csv;q=0.4, application/json;q=0.5", "", False),
        ("text/csv, application/json", "", False),
        ("*/*", "", False),
        ("", "csv", True),
        ("text/csv", "json", False),
    ],
)
async def test_a_table_is_sent_where_it_is_wanted(http: Client, accept: str, form: str, csv_wanted: bool) -> None:
    path = "/v1/totals?flow=RU:KZ&window=7d" + (form and f"&format={form}")
    async with http.get(path, headers={"Accept": accept}) as answer:
        assert answer.content_type == ("text/csv" if csv_wanted else "application/json")
        text = await answer.text()
    if csv_wanted:
        (row,) = csv.DictReader(io.StringIO(text))
        assert (row["flow"], row["best"], row["window_days"]) == ("RU:KZ", "7000", "7")


async def test_a_table_has_a_row_of_hashtags_when_asked(http: Client) -> None:
    async with http.get("/v1/flows?format=csv&hxl=1") as answer:
        header, tags, *rows = csv.reader(io.StringIO(await answer.text()))
    assert len(rows) == 4
    assert all(tag.startswith("#") for tag in tags)
    of = {row[0]: dict(zip(header, row, strict=True)) for row in rows}
    georgia = of["RU:GE"]
    assert (georgia["parent"], georgia["expected"], georgia["baseline"]) == ("RU", "400.0", "stated")
    assert (of["RU:KZ"]["low_7d"], of["RU:KZ"]["best_7d"], of["RU:KZ"]["high_7d"]) == ("7000", "7000", "7000")
    assert of["RU"]["parent"] == ""


async def test_the_pages_and_documents_are_there(http: Client) -> None:
    for page in ("/", "/flow?flow=RU:GE", "/alert?id=x", "/report?origin=RU", "/embed?flow=RU:GE"):
        async with http.get(page) as answer:
            kind = answer.content_type
            assert (answer.status, kind, answer.headers["Cache-Control"]) == (200, "text/html", "no-cache"), page
    async with http.get("/board/overview/board.js") as answer:
        assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-cache")
    async with http.get("/healthz") as answer:
        assert await answer.text() == "ok\n"
    assert (await ask(http, "/v1/openapi.json"))["openapi"].startswith("3.")
    async with http.get("/alerts.atom") as answer:
        assert (answer.status, answer.content_type) == (200, "application/atom+xml")
        assert "RU:GE" in await answer.text()


async def test_the_feed_has_old_news_only_for_who_asks(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.alert(msgspec.structs.replace(alert_record(), id="old", flow="RU:AZ", backfill=True))
    async with gateway(shelf, monkeypatch) as http:
        for query, listed in (("", False), ("?backfill=true", True)):
            async with http.get(f"/alerts.atom{query}") as answer:
                assert ("RU:AZ" in await answer.text()) == listed


async def test_it_is_not_ready_before_it_has_read_the_topics(http: Client) -> None:
    async with http.get("/readyz") as answer:
        assert (answer.status, await answer.text()) == (503, "waiting for: the stream of events\n")


async def test_every_answer_says_what_a_browser_may_do_with_it(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    async with gateway(shelf, monkeypatch, gateway_origins="https://a.example") as http:
        async with http.get("/v1/flows", headers={"Origin": "https://a.example"}) as answer:
            assert answer.headers["Access-Control-Allow-Origin"] == "https://a.example"
            assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Server"] == "bordertally"
        async with http.get("/v1/flows", headers={"Origin": "https://b.example"}) as answer:
            assert "Access-Control-Allow-Origin" not in answer.headers
        ask_first = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
        async with http.options("/v1/flows", headers=ask_first) as answer:
            assert (answer.status, "GET" in answer.headers["Access-Control-Allow-Methods"]) == (204, True)


async def test_only_the_page_made_for_it_may_be_framed(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    async def frames(path: str, **settings: str) -> str:
        async with gateway(shelf, monkeypatch, **settings) as http, http.get(path) as answer:
            return answer.headers["Content-Security-Policy"].rpartition("; ")[2]

    assert await frames("/embed?flow=RU:GE") == "frame-ancestors 'none'"
    origins = "https://a.example,https://b.example"
    assert await frames("/embed?flow=RU:GE", gateway_origins=origins) == (
        "frame-ancestors https://a.example https://b.example"
    )
    assert await frames("/flow?flow=RU:GE", gateway_origins=origins) == "frame-ancestors 'none'"


async def test_places_have_their_names_countries_and_coordinates(http: Client) -> None:
    places = {place["place"]: place for place in (await ask(http, "/v1/places"))["places"]}
    vaalimaa = places["vaalimaa"]
    assert (vaalimaa["countries"], vaalimaa["at"]) == (["FI", "RU"], [60.6, 27.9])
    assert {"Vaalimaa", "Torfyanovka"} <= set(vaalimaa["names"])
    assert not any("*" in name for place in places.values() for name in place["names"])
    assert places["raja-jooseppi"]["names"][0] == "Raja Jooseppi"
    assert (places["GE"]["names"], places["GE"]["at"]) == (["Tbilisi"], [41.7, 44.8])
    assert any(place["at"] is None for place in places.values())


async def test_the_rules_in_force_are_told(
    shelf: Shelf, http: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert (await ask(http, "/v1/about")) == {
        "version": version("bordertally"), "ratio": 1.25, "warning": 1.5, "critical": 2.0, "own_rules": False
    }  # fmt: skip
    rules = tmp_path / "rules.toml"
    rules.write_text('[detection]\nwarning = 1.75\n[[flows]]\nflow = "RU"\ndrop = 0.5\n')
    async with gateway(shelf, monkeypatch, rules=str(rules)) as other:
        about = await ask(other, "/v1/about")
    assert (about["warning"], about["own_rules"]) == (1.75, True)


async def test_a_feed_leads_to_messages(http: Client) -> None:
    (listed,) = (await ask(http, "/v1/alerts?state=all&flow=RU:GE"))["alerts"]
    async with http.get(f"/v1/alerts/{listed['id']}.cap") as answer:
        assert (answer.status, answer.content_type) == (200, "application/cap+xml")
        assert "RU:GE" in await answer.text()
    problem = await ask(http, f"/v1/alerts/{listed['id']}.cap?seq=99", 400)
    assert (problem["field"], problem["value"]) == ("seq", "99")


async def test_who_reads_needs_a_token_where_there_are_any(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    async with gateway(shelf, monkeypatch, read_tokens=digest_of("reader"), admin_tokens=digest_of("admin")) as http:

        async def status(
            method: str, path: str, kind: str = "", credentials: str = "", **options: Any
        ) -> tuple[int, str]:
            headers = {"Authorization": f"{kind} {credentials}"} if kind else {}
            async with http.request(method, path, headers=headers, **options) as answer:
                return answer.status, answer.headers.get("WWW-Authenticate", "")

        bearer = 'Bearer realm="bordertally"'
        assert await status("GET", "/v1/flows") == (401, bearer)
        assert await status("GET", "/v1/flows", "Bearer", "wrong") == (401, f'{bearer}, error="invalid_token"')
        assert await status("GET", "/v1/flows", "Bearer", "reader") == (200, "")
        assert await status("GET", "/v1/flows", "Basic", b64encode(b"me:reader").decode()) == (200, "")
        assert await status("GET", "/v1/flows", "Basic", "no base64") == (401, f'{bearer}, error="invalid_token"')
        assert await status("GET", "/healthz") == (200, "")
        assert await status("GET", "/") == (200, "")
        assert (await status("POST", "/v1/silences", "Bearer", "reader", json={}))[0] == 403
        assert (await status("POST", "/v1/silences", "Bearer", "admin", json={}))[0] == 422


async def test_without_tokens_only_this_machine_is_answered(http: Client) -> None:
    async with http.get("/v1/flows", headers={"Host": "example.org"}) as answer:
        assert answer.status == 403
        assert (await answer.json(content_type=None))["field"] == "Host"
    async with http.get("/healthz", headers={"Host": "example.org"}) as answer:
        assert answer.status == 200


async def test_a_source_is_overdue_when_its_last_report_is_too_old(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    registry = tmp_path / "sources.toml"
    entry = '[sources.{0}]\nname = "{0}"\nflows = ["RU"]\ngrade = "B"\n{1}\n'
    names = {"late": 'every = "P1D"', "fresh": 'every = "P1D"', "silent": 'every = "P1D"', "free": ""}
    registry.write_text("".join(entry.format(name, every) for name, every in names.items()))
    now = datetime.now(UTC).timestamp()
    shelf.heard(late=int((now - 90_000) * 1e6), fresh=int((now - 3_600) * 1e6), free=1_663_000_000_000_000)
    async with gateway(shelf, monkeypatch, sources=registry) as http:
        rows = {row["source"]: row for row in (await ask(http, "/v1/sources"))["sources"]}
    overdue = {name: row["overdue"] for name, row in rows.items()}
    assert overdue == {"late": True, "fresh": False, "silent": True, "free": None}
    assert (rows["free"]["last_published"], rows["silent"]["last_published"]) == ("2022-09-12T16:26:40Z", None)


ALIASED = """
[aliases]
"RU:GE:zemo-larsi" = "RU:GE:lars"
[sources.c]
name = "Counter C"
flows = ["RU"]
grade = "C"
"""


async def test_either_name_of_a_place_finds_the_place(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sources = tmp_path / "sources.toml"
    sources.write_text(ALIASED, encoding="utf-8")
    block = ordinal("2022-09-27") // BLOCK_DAYS
    for name, report in (("RU:GE:lars", "lars"), ("RU:GE:zemo-larsi", "larsi")):
        single = claim(60, "2022-09-27", name, "c", id=report)
        shelf.hashes[statements_key(name)] = {str(block).encode(): msgspec.msgpack.encode([single])}
    async with gateway(shelf, monkeypatch, sources=sources) as http:
        both = "flow=RU:GE:zemo-larsi&flow=RU:GE:lars"
        assert {row["flow"]: row["aliases"] for row in (await ask(http, f"/v1/flows?{both}"))["flows"]} == {
            "RU:GE:lars": ["RU:GE:zemo-larsi"]
        }
        assert (await ask(http, "/v1/flows?flow=RU:KZ"))["flows"][0]["aliases"] == []
        assert [total["best"] for total in (await ask(http, f"/v1/totals?{both}&window=7d"))["totals"]] == [60]
        assert (await ask(http, "/v1/days?flow=RU:GE:zemo-larsi"))["flow"] == "RU:GE:lars"
        evidence = await ask(http, "/v1/evidence?flow=RU:GE:zemo-larsi")
        assert (evidence["flow"], evidence["figure"]["best"]) == ("RU:GE:lars", 60)
        assert [entry["report"] for entry in evidence["claims"]] == ["lars", "larsi"]
        assert evidence["claims"][1]["why"].endswith("; reported as RU:GE:zemo-larsi")
        assert (await ask(http, "/v1/alerts?flow=RU:GE:zemo-larsi&state=all"))["alerts"] == []
    async with gateway(shelf, monkeypatch) as http:
        await ask(http, "/v1/totals?flow=RU:GE:zemo-larsi", 404)


async def test_the_list_of_flows_is_read_again_when_their_number_changes_or_after_some_seconds(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_shelf(monkeypatch, shelf)
    known, now = ServingView(load_settings()), 1_000.0
    monkeypatch.setattr("bordertally.agents.gateway.view.time.monotonic", lambda: now)
    flows = await known.flows()
    assert flows == ["RU", "RU:GE", "RU:GE:lars", "RU:KZ"]
    assert await known.flows() is flows
    shelf.sets[FLOWS].add(b"KZ")
    assert await known.flows() == ["KZ", *flows]
    shelf.sets[FLOWS].remove(b"KZ")
    shelf.sets[FLOWS].add(b"GE")  # as many as before
    assert await known.flows() == ["KZ", *flows]
    now += LISTED_S + 1
    assert await known.flows() == ["GE", *flows]


async def test_a_value_that_cannot_be_read_is_left_out_and_turns_nothing_into_a_500(http: Client, shelf: Shelf) -> None:
    shelf.hashes[flow_key("RU:GE")] = {b"state": b'{"flow": 7'}
    shelf.hashes[flow_key("RU:KZ")] = shelf.hashes[flow_key("RU")]  # the state of another flow
    shelf.sets[FLOWS].add(b"\xff")
    (name,) = shelf.hashes[ALERTS]
    shelf.hashes[ALERTS][b"0"] = shelf.hashes[OPEN_ALERTS][b"0"] = b"[]"
    shelf.hashes[SOURCES][b"b"] = b"yesterday"
    shelf.hashes[EXACT_CLAIMS] = {b"RU:GE|1": b"{"}
    assert [row["flow"] for row in (await ask(http, "/v1/flows"))["flows"]] == ["RU", "RU:GE:lars"]
    assert {row["flow"] for row in (await ask(http, "/v1/totals"))["totals"]} == {"RU", "RU:GE:lars"}
    problem = await ask(http, "/v1/totals?flow=RU:GE", 503)
    assert problem["detail"] == "the state of RU:GE in Redis cannot be read; it is written again within seconds"
    assert [alert["id"] for alert in (await ask(http, "/v1/alerts?state=all"))["alerts"]] == [name.decode()]
    assert (await ask(http, "/v1/alerts"))["alerts"] == []  # the only one is closed
    assert {row["source"] for row in (await ask(http, "/v1/sources"))["sources"]} >= {"ge-mia"}
    shelf.hashes[statements_key("RU")] = {b"x": b"", b"1": b"\xc1"}
    assert (await ask(http, "/v1/evidence?flow=RU"))["flow"] == "RU"
