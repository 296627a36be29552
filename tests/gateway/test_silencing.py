"""Silences over HTTP: set, read and ended by whoever has a token for it, and kept where the command keeps them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from bordertally.streams.alerts.silences import Silence
from bordertally.streams.delivery.tokens import digest_of
from gateway.listening import listen
from live import Live, until

pytestmark = pytest.mark.kafka

LATER = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
ROADWORKS = {"flow": "RU:*:lars", "until": LATER, "author": "op", "comment": "roadworks"}


@pytest.fixture
async def guarded(week: Live) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of a gateway that asks for tokens."""
    gateway = week.gateway(BORDERTALLY_READ_TOKENS=digest_of("reader"), BORDERTALLY_ADMIN_TOKENS=digest_of("boss"))
    async with aiohttp.ClientSession(f"http://{gateway.address}") as session:
        yield session


async def answered(http: aiohttp.ClientSession, method: str, path: str, token: str, **more: Any) -> tuple[int, Any]:
    async with http.request(method, path, headers={"Authorization": f"Bearer {token}"}, **more) as answer:
        return answer.status, await answer.json()


async def test_a_silence_is_set_read_and_ended(week: Live, guarded: aiohttp.ClientSession) -> None:
    status, created = await answered(guarded, "POST", "/v1/silences", "boss", json=ROADWORKS)
    assert status == 201
    assert {name: created[name] for name in ("flow", "author", "comment", "rule")} == {
        "flow": "RU:*:lars",
        "author": "op",
        "comment": "roadworks",
        "rule": None,
    }

    async def listed() -> bool:
        return created in (await answered(guarded, "GET", "/v1/silences", "reader"))[1]["silences"]

    await until(listed, "the silence is in the view")
    stored = msgspec.json.decode((await week.hash_in_redis("bordertally:silences"))[created["id"]], type=Silence)
    assert stored.active(datetime.now(UTC))

    place = f"/v1/silences/{created['id']}"
    assert (await answered(guarded, "DELETE", place, "reader"))[0] == 403
    status, over = await answered(guarded, "DELETE", place, "boss")
    assert (status, over["id"]) == (200, created["id"])
    assert over["until"] < created["until"]

    async def gone() -> bool:
        answers = [(await answered(guarded, "GET", f"/v1/silences?state={s}", "reader"))[1] for s in ("active", "all")]
        active, every = ({answer["id"] for answer in answer["silences"]} for answer in answers)
        return created["id"] in every - active

    await until(gone, "the silence is over")
    status, problem = await answered(guarded, "DELETE", place, "boss")
    assert (status, problem["field"], problem["value"]) == (409, "id", created["id"])
    assert (await answered(guarded, "DELETE", "/v1/silences/nobody", "boss"))[0] == 404


async def test_an_alert_says_by_what_it_is_silenced_and_inhibited(week: Live, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text("[detection]\ninhibit = true\n")
    gateway = week.gateway(
        BORDERTALLY_RULES=str(rules),
        BORDERTALLY_READ_TOKENS=digest_of("reader"),
        BORDERTALLY_ADMIN_TOKENS=digest_of("boss"),
    )
    async with aiohttp.ClientSession(f"http://{gateway.address}") as http:
        open_ones = (await answered(http, "GET", "/v1/alerts?state=open", "reader"))[1]
        assert open_ones["quiet"] == {}
        named = {alert["flow"]: alert["id"] for alert in open_ones["alerts"]}
        stream = listen(http, gateway.address, query={"kinds": "quiet"}, token="reader")
        elsewhere = listen(http, gateway.address, query={"kinds": "quiet,totals", "flow": "RU:GE"}, token="reader")
        assert [(await anext(source))[1:] for source in (stream, elsewhere)] == [("quiet", {})] * 2
        status, answer = await answered(http, "POST", "/v1/silences", "boss", json=ROADWORKS | {"flow": "RU:EU"})
        assert status == 201
        wanted = {named["RU:EU"]: {"silenced_by": answer["id"], "inhibited_by": None}}

        async def marked() -> bool:
            return bool((await answered(http, "GET", "/v1/alerts?state=open", "reader"))[1]["quiet"] == wanted)

        await until(marked, "the alert is marked")
        europe = (await answered(http, "GET", f"/v1/alerts/{named['RU:EU']}", "reader"))[1]
        assert europe["quiet"] == wanted[named["RU:EU"]]
        assert (await answered(http, "GET", f"/v1/alerts/{named['RU:GE']}", "reader"))[1]["quiet"] is None
        heard = await anext(stream)
        assert heard[1:] == ("quiet", wanted)

        async def in_redis() -> bool:
            muted = await week.hash_in_redis("bordertally:alerts:quiet")
            return {name: msgspec.json.decode(value) for name, value in muted.items()} == wanted

        await until(in_redis, "Redis has the mark")
        late = listen(http, gateway.address, heard.place, query={"kinds": "alerts,quiet"}, token="reader")
        assert (await anext(late))[1:] == ("quiet", wanted)  # who comes back is told anew
        assert (await answered(http, "DELETE", f"/v1/silences/{answer['id']}", "boss"))[0] == 200
        assert (await anext(stream))[1:] == ("quiet", {})
        for client in (stream, elsewhere, late):
            await client.aclose()

        async def none_in_redis() -> bool:
            return not await week.hash_in_redis("bordertally:alerts:quiet")

        await until(none_in_redis, "the mark is gone")


WRONG = [
    ({"flow": "nowhere"}, "flow"),
    ({"until": "2020-01-01T00:00:00Z"}, "until"),
    ({"until": "9999-12-31T23:59:59-05:00"}, "until"),
    ({"author": " "}, "author"),
    ({"rule": "drips"}, "rule"),
    ({"until": "tomorrow"}, "$"),
    ({"why": "so"}, "$"),
]


async def test_what_is_wrong_is_said_with_its_field(guarded: aiohttp.ClientSession) -> None:
    for change, field in WRONG:
        status, problem = await answered(guarded, "POST", "/v1/silences", "boss", json=ROADWORKS | change)
        assert (status, problem["field"]) == (422, field), change
    assert (await answered(guarded, "POST", "/v1/silences", "boss", data="x" * 20_000))[0] in (413, 415)
    assert (await answered(guarded, "POST", "/v1/silences", "boss", json={"x": "y" * 20_000}))[0] == 413


async def test_it_takes_an_admin(guarded: aiohttp.ClientSession) -> None:
    for token, status in (("reader", 403), ("wrong", 401)):
        assert (await answered(guarded, "POST", "/v1/silences", token, json=ROADWORKS))[0] == status
    async with guarded.post("/v1/silences", json=ROADWORKS) as answer:
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="bordertally"')
