"""POST /v1/reports with a batch: what is right is stored and what is wrong is named by its line, or all or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from bordertally.agents.gateway.writes import reports
from bordertally.agents.gateway.writes.rate_limit import SharedLimit
from bordertally.agents.gateway.writes.reports import numbered
from bordertally.agents.gateway.writes.store import Store
from bordertally.agents.kafka.producer import Record
from bordertally.streams.delivery.rate_limit import RateLimit
from bordertally.streams.delivery.tokens import digest_of
from unit.agents.gateway.kit import Shelf, gateway
from unit.kit import report

SOURCES = f"""
[sources.b]
name = "Bureau B"
flows = ["RU"]
grade = "B"
tokens = ["{digest_of("bee")}"]
[sources.a]
name = "Agency A"
flows = ["RU"]
grade = "A"
tokens = ["{digest_of("ay")}"]
"""
GOOD = [report(day, f"2022-09-0{day}", id=f"r{day}") for day in (1, 2, 3)]
LINES = [GOOD[0], b"", report(-5, id="wrong"), GOOD[1], b"{", GOOD[2], report(7, id="stray", colour="red")]


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> list[Record]:
    """What Kafka would have stored."""
    written: list[Record] = []

    async def write_all(_: Store, records: Iterable[Record]) -> None:
        written.extend(records)

    monkeypatch.setattr(Store, "write_all", write_all)
    return written


async def send(http: TestClient[Any, Any], body: bytes, token: str = "bee", query: str = "") -> tuple[int, Any]:
    headers = {"Content-Type": "application/x-ndjson", "Authorization": f"Bearer {token}"}
    async with http.post(f"/v1/reports{query}", data=body, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


def sources(directory: Path) -> Path:
    path = directory / "sources.toml"
    path.write_text(SOURCES, encoding="utf-8")
    return path


async def test_each_report_that_is_right_is_stored_and_each_fault_has_its_line(
    stored: list[Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with gateway(Shelf(), monkeypatch, sources=sources(tmp_path)) as http:
        status, answer = await send(http, b"\xef\xbb\xbf" + b"\r\n".join(LINES))
        assert (status, answer["stored"]) == (207, 4)
        assert [json.loads(record.value)["id"] for record in stored] == ["r1", "r2", "r3", "stray"]
        assert [(fault["line"], fault["reason"]) for fault in answer["faults"]] == [
            (3, "people_out_of_range"),
            (5, "not_json"),
        ]
        assert (answer["faults"][0]["field"], answer["faults"][0]["value"]) == ("people", "-5")
        assert answer["warnings"] == [{"line": 7, "warning": answer["warnings"][0]["warning"]}]
        assert "colour" in answer["warnings"][0]["warning"]
        stored.clear()

        assert (await send(http, b"\n".join(LINES), query="?batch=all"))[0] == 422
        assert stored == []
        status, answer = await send(http, b"\n".join(GOOD), query="?batch=all")
        assert (status, answer) == (202, {"stored": 3, "faults": [], "warnings": []})
        assert [record.value for record in stored] == GOOD


async def test_a_token_stores_reports_of_its_source_only(
    stored: list[Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with gateway(Shelf(), monkeypatch, sources=sources(tmp_path)) as http:
        status, answer = await send(http, b"\n".join(GOOD), "ay")
        assert (status, answer["stored"], len(answer["faults"])) == (422, 0, 3)
        assert answer["faults"][0]["detail"] == "this token belongs to source a"
        status, answer = await send(http, GOOD[0] + b"\n" + report(1, source="a"), "ay")
        assert (status, answer["stored"], [fault["line"] for fault in answer["faults"]]) == (207, 1, [1])
    assert [json.loads(record.value)["source"] for record in stored] == ["a"]


async def test_a_batch_counts_as_its_reports_in_the_rate_limit(
    stored: list[Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = RateLimit(1, 2)

    async def acquire(_: SharedLimit, key: str, tokens: int = 1) -> float:
        return own.acquire(key, 100.0, tokens)

    monkeypatch.setattr(SharedLimit, "acquire", acquire)
    async with gateway(Shelf(), monkeypatch, sources=sources(tmp_path)) as http:
        assert (await send(http, b"\n".join(GOOD * 10)))[0] == 202
        assert len(stored) == 30
        status, problem = await send(http, GOOD[0])
        assert (status, problem["field"], problem["value"]) == (429, "source", "b")
        assert (await send(http, report(1, source="a"), "ay"))[0] == 202
    assert len(stored) == 31


async def test_what_is_too_large_or_no_batch_is_refused(
    stored: list[Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "MOST_LINES", 2)
    async with gateway(Shelf(), monkeypatch, sources=sources(tmp_path), gateway_body_bytes=1_000) as http:
        status, problem = await send(http, b"\n".join(GOOD))
        assert (status, problem["detail"]) == (413, "this batch has 3 reports; at most 2 are allowed")
        status, problem = await send(http, b" " * 1_001)
        assert (status, problem["detail"]) == (413, "this batch has 1,001 bytes; at most 1,000 are allowed")
        assert (await send(http, b"\n \n")) == (202, {"stored": 0, "faults": [], "warnings": []})
        headers = {"Content-Type": "application/json", "Authorization": "Bearer bee"}
        async with http.post("/v1/reports?batch=all", data=GOOD[0], headers=headers) as answer:
            assert (answer.status, (await answer.json(content_type=None))["field"]) == (400, "batch")
    assert stored == []


def test_lines_are_numbered_as_editors_do() -> None:
    assert [line[:2] for line in numbered(b"\n {}\r\n\n[]")] == [(2, b"{}"), (4, b"[]")]


@pytest.mark.parametrize(
    ("flow", "hint"), [("RU:KAZ", "did you mean KZ?"), ("RU:UK", "did you mean GB?"), ("ru:ge", "did you mean RU:GE?")]
)
async def test_a_flow_that_is_none_says_what_to_write(
    flow: str, hint: str, stored: list[Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with gateway(Shelf(), monkeypatch, sources=sources(tmp_path)) as http:
        status, answer = await send(http, report(5, flow=flow))
    assert (status, stored) == (422, [])
    assert hint in answer["faults"][0]["detail"]
