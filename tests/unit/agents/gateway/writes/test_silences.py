"""A silence that is created over HTTP under another name of a place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bordertally.agents.gateway.writes.store import Store
from bordertally.streams.delivery.tokens import digest_of
from unit.agents.gateway.kit import Shelf, gateway

SOURCES = """
[aliases]
"RU:GE:larsi" = "RU:GE:lars"
[sources.c]
name = "Counter C"
flows = ["RU"]
grade = "C"
"""


@pytest.mark.parametrize(("flow", "place"), [("RU:GE:larsi", "RU:GE:lars"), ("RU:*:larsi", "RU:*:larsi")])
async def test_it_is_one_of_the_place(flow: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = tmp_path / "sources.toml"
    sources.write_text(SOURCES, encoding="utf-8")
    written: list[Any] = []

    async def write(_: Store, record: Any) -> None:
        written.append(record)

    monkeypatch.setattr(Store, "write", write)
    silence = {"flow": flow, "until": "2099-01-01T00:00:00Z", "author": "op", "comment": "roadworks"}
    boss = {"Authorization": "Bearer boss"}
    async with (
        gateway(Shelf(), monkeypatch, sources=sources, admin_tokens=(digest_of("boss"),)) as http,
        http.post("/v1/silences", json=silence, headers=boss) as answer,
    ):
        assert (answer.status, (await answer.json())["flow"]) == (201, place)
    assert [json.loads(record.value)["flow"] for record in written] == [place]
