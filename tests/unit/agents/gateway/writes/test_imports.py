"""POST /v1/imports: the same core as the command, with the limits of the gateway; the answer is the summary."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData
from aiohttp.test_utils import TestClient

from bordertally.agents.gateway.writes.store import Store
from bordertally.agents.kafka.producer import Record
from bordertally.streams.delivery.tokens import digest_of
from imports.sheets import write_xlsx
from unit.agents.gateway.kit import Shelf, gateway
from unit.streams.imports.kit import PLAIN

SOURCES = f"""
[sources.police]
name = "Police"
flows = ["BR:UY"]
grade = "B"
tokens = ["{digest_of("pol")}"]
[sources.other]
name = "Other"
flows = ["RU"]
grade = "A"
tokens = ["{digest_of("oth")}"]
"""
GOOD = "Day,Gate,In\n2023-05-01,A,900\n2023-05-02,Ä,950\n"
MIXED = "Day,Gate,In\n2023-05-01,A,900\n2023-05-02,A,n. d.\n"


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> list[Record]:
    """What Kafka would have stored."""
    written: list[Record] = []

    async def write_all(_: Store, records: Iterable[Record]) -> None:
        written.extend(records)

    monkeypatch.setattr(Store, "write_all", write_all)
    return written


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    """The registry, with mappings beside it."""
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps/gates.toml").write_text(PLAIN.format(top='places = { "Ä" = "ae" }', claims=""))
    (tmp_path / "maps/away.toml").write_text(PLAIN.format(top="", claims="").replace("BR:UY", "AR:UY"))
    (tmp_path / "maps/wrong.toml").write_text("source = 5")
    (tmp_path / "sources.toml").write_text(SOURCES)
    return {"sources": tmp_path / "sources.toml"}


async def send(
    http: TestClient[Any, Any], body: bytes | str, query: str = "map=gates", user: str = "pol", kind: str = "text/csv"
) -> tuple[int, Any]:
    headers = {"Content-Type": kind, "Authorization": f"Bearer {user}"}
    data = body.encode() if isinstance(body, str) else body
    async with http.post(f"/v1/imports?{query}", data=data, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


def people(records: Iterable[Record]) -> list[int]:
    return [claim["people"] for record in records for claim in json.loads(record.value)["claims"]]


async def test_a_file_is_stored_and_the_answer_is_the_summary(
    stored: list[Record], settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with gateway(Shelf(), monkeypatch, **settings) as http:
        status, answer = await send(http, GOOD)
        assert (status, answer["faults"], people(stored)) == (202, [], [900, 950])
        summary = answer["summary"]
        assert (summary["taken"], summary["claims"], summary["reports"]) == (2, 2, 1)
        assert [series["flow"] for series in summary["series"]] == ["BR:UY:a", "BR:UY:ae"]
        stored.clear()

        status, answer = await send(http, MIXED, "map=gates&historic=1&published=2023-06-01")
        assert (status, people(stored)) == (207, [900])
        assert (json.loads(stored[0].value)["historic"], stored[0].topic) == (True, "reports.government")
        assert json.loads(stored[0].value)["published"] == "2023-06-01T00:00:00Z"
        (issue,) = answer["summary"]["issues"]
        assert (issue["file"], issue["rows"], issue["value"]) == ("file", [3], "n. d.")
        stored.clear()

        assert (await send(http, MIXED, "map=gates&strict=1"))[0] == 422
        assert (await send(http, MIXED, "map=gates&check=1"))[0] == 200
        assert stored == []


async def test_a_workbook_is_read_by_its_bytes(
    stored: list[Record], settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_xlsx(tmp_path / "in.xlsx", {"May": [["Day", "Gate", "In"], ["2023-05-01", "A", 7]], "June": []})
    body = (tmp_path / "in.xlsx").read_bytes()
    async with gateway(Shelf(), monkeypatch, **settings) as http:
        status, problem = await send(http, body, kind="application/octet-stream")
        assert (status, problem["detail"].startswith("file: the sheets are May, June")) == (422, True)
        assert (await send(http, body, "map=gates&sheet=May", kind="application/octet-stream"))[0] == 202
    assert people(stored) == [7]


def form(**files: str | bytes) -> FormData:
    body = FormData()
    for name, content in files.items():
        body.add_field(name, content.encode() if isinstance(content, str) else content, filename=name)
    return body


async def test_an_edition_stores_what_it_changes(
    stored: list[Record], settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = "Day,Gate,In\n2023-05-01,A,900\n2023-05-02,A,950\n2023-05-03,A,970\n"
    now = "Day,Gate,In\n2023-05-01,A,900\n2023-05-02,A,951\n2023-05-04,A,10\n"
    (tmp_path / "maps/dated.toml").write_text(PLAIN.format(top='published = "2023-06-01"', claims=""))
    url, headers = "/v1/imports?map=gates", {"Authorization": "Bearer pol"}
    async with gateway(Shelf(), monkeypatch, **settings) as http:
        async with http.post(url, data=form(file=now, previous=before), headers=headers) as answer:
            summary = (await answer.json())["summary"]
            assert answer.status == 202
        counts = [summary["edition"][name] for name in ("unchanged", "corrected", "added", "withdrawn", "withheld")]
        assert (counts, summary["edition"]["previous"]) == ([1, 1, 1, 1, 0], "previous")
        claims = [(claim["period"], claim["people"]) for claim in json.loads(stored[0].value)["claims"]]
        assert claims == [("2023-05-02", 951), ("2023-05-04", 10), ("2023-05-03", None)]
        stored.clear()

        write_xlsx(tmp_path / "in.xlsx", {"May": [["Day", "Gate", "In"], ["2023-05-01", "A", 901]]})
        book = (tmp_path / "in.xlsx").read_bytes()
        async with http.post(url, data=form(previous=before, file=book), headers=headers) as answer:
            assert answer.status == 202
        assert people(stored) == [901, None, None]
        stored.clear()

        wrong = [
            (url, form(previous=before), 400, "the form has no part called file"),
            (url, form(file=now, older=before), 400, "name: the parts of the form are called file and previous"),
            (url, form(file=now, previous="x"), 422, "previous: claims.entries.column: there is no column 'In'"),
            (
                url.replace("gates", "dated"),
                form(file=now, previous=before),
                422,
                "published: this edition and the one",
            ),
        ]
        for at, body, status, why in wrong:
            async with http.post(at, data=body, headers=headers) as answer:
                problem = await answer.json(content_type=None)
                assert (answer.status, problem["detail"][: len(why)]) == (status, why)
        assert stored == []


async def test_what_cannot_be_imported_says_why(
    stored: list[Record], settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/workbook.xml", b" " * 20_000)
    wrong: list[tuple[tuple[Any, ...], int, str]] = [
        ((GOOD, "map=none"), 404, "there is no maps/none.toml beside the source registry"),
        ((GOOD, "map=../sources"), 400, "map: write small letters, digits and hyphens"),
        ((GOOD, "map=wrong"), 422, "wrong.toml: source: this must be text (got 5)"),
        ((GOOD, "map=gates&published=soon"), 422, "published: soon is not now, file, column:NAME, a date"),
        ((GOOD, "map=gates", "oth"), 403, "this token belongs to source other"),
        ((GOOD, "map=gates", "nobody"), 401, "this token is not valid"),
        ((GOOD, "map=gates", "pol", "text/plain"), 415, "send a file as text/csv or"),
        ((b"Day,Gate,In\n2023-05-01,\xd8,1\n",), 422, "file: the bytes are not utf-8"),
        (("Date,Gate,In\n",), 422, "file: period.columns: there is no column 'Day'; the columns are Date, Gate, In"),
        ((b" " * 1_001,), 413, "this file has 1,001 bytes; at most 1,000 are allowed"),
        ((bomb.getvalue(),), 413, "this workbook has 20,000 bytes unpacked; at most 10,000 are allowed"),
    ]
    async with gateway(Shelf(), monkeypatch, gateway_body_bytes=1_000, **settings) as http:
        for words, status, why in wrong:
            got, problem = await send(http, *words)
            assert (got, problem["detail"][: len(why)]) == (status, why), problem
        status, answer = await send(http, GOOD.replace("Ä", "B"), "map=away")
        assert (status, answer["faults"][0]["reason"]) == (422, "flow_not_allowed")
        assert answer["faults"][0]["line"] == 1
    assert stored == []


async def test_without_a_registry_of_its_own_a_gateway_has_no_mappings(monkeypatch: pytest.MonkeyPatch) -> None:
    async with gateway(Shelf(), monkeypatch) as http:
        status, problem = await send(http, GOOD)
        assert (status, problem["field"], problem["value"]) == (404, "map", "gates")
