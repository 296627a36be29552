"""The OpenAPI document against the running gateway; tables, feeds and CAP over HTTP."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys

import aiohttp
import feedparser
import pytest
from aiohttp import web
from jsonschema import Draft202012Validator
from lxml import etree

from bordertally.agents.gateway.app import create_gateway
from bordertally.agents.gateway.guard import PAGES
from bordertally.agents.gateway.openapi import openapi
from bordertally.agents.gateway.representations import ROWS
from bordertally.agents.servers.process import Server
from bordertally.streams.settings import load_settings
from live import Live

pytestmark = pytest.mark.kafka

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
UNDESCRIBED = {*PAGES, "/board", "/unsubscribe", "/healthz", "/readyz", "/metrics", "/v1/openapi.json"}
HASHTAG = re.compile(r"#[a-z][a-z0-9_]*(\+[a-z][a-z0-9_]*)*")


def test_every_route_is_described() -> None:
    app = create_gateway(load_settings())
    routes = {resource.canonical for resource in app.router.resources() if not isinstance(resource, web.StaticResource)}
    assert routes - UNDESCRIBED == set(openapi()["paths"])


def test_schemas_are_schemas() -> None:
    for schema in openapi()["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_schemathesis_finds_nothing(gateway: Server) -> None:
    command = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run"]
    command += [f"http://{gateway.address}/v1/openapi.json", "--exclude-path", "/v1/stream", "--checks", CHECKS]
    command += ["--phases", "examples,coverage,fuzzing", "--max-examples", "15", "--max-time", "20"]
    command += ["--generation-deterministic", "--no-color", "--warnings", "off"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


async def test_tables(http: aiohttp.ClientSession) -> None:
    paths = ["/v1/flows", "/v1/totals", "/v1/days?flow=RU:GE", "/v1/alerts", "/v1/sources"]
    for path in paths:
        async with http.get(path, headers={"Accept": "text/csv, application/json;q=0.5"}) as answer:
            assert answer.content_type == "text/csv"
            plain = list(csv.DictReader(io.StringIO(await answer.text())))
        async with http.get(path) as answer:
            body = await answer.json()
        (rows,) = [value for value in body.values() if isinstance(value, list)]
        assert len(plain) == len(rows) > 0
        joined = "&" if "?" in path else "?"
        async with http.get(f"{path}{joined}format=csv&hxl=1") as answer:
            tagged = list(csv.DictReader(io.StringIO(await answer.text())))
        assert tagged[1:] == plain
        assert all(HASHTAG.fullmatch(tag) for tag in tagged[0].values())
        for row, shown in zip(rows, plain, strict=True):
            for name in row.keys() & shown.keys():
                if isinstance(row[name], str | int | None) and not isinstance(row[name], bool):
                    assert shown[name] == ("" if row[name] is None else str(row[name]))
    async with http.get("/v1/flows?format=csv") as answer:
        (georgia,) = [row for row in csv.DictReader(io.StringIO(await answer.text())) if row["flow"] == "RU:GE"]
    assert (georgia["best_7d"], georgia["expected"], georgia["baseline"]) == ("53000", "5500.0", "stated")


def test_each_tag_of_a_table_stands_once() -> None:
    for columns, _ in ROWS.values():
        assert len({column.hxl for column in columns()}) == len(columns())


async def test_the_feed_leads_to_messages(week: Live, http: aiohttp.ClientSession) -> None:
    async with http.get("/alerts.atom") as answer:
        assert answer.content_type == "application/atom+xml"
        feed = feedparser.parse(await answer.read())
    assert len(feed.entries) == len({alert.id for alert in await week.alerts()})
    for entry in feed.entries:
        (link,) = [link.href for link in entry.links if link.type == "application/cap+xml"]
        async with http.get(link) as answer:
            assert answer.content_type == "application/cap+xml"
            assert etree.fromstring(await answer.read()).tag == "{urn:oasis:names:tc:emergency:cap:1.2}alert"
        async with http.get(f"{link}?seq=1") as answer:
            assert b"<msgType>Alert</msgType>" in await answer.read()
        async with http.get(f"{link}?seq=99") as answer:
            assert answer.status == 400
    async with http.get("/v1/alerts/nobody.cap") as answer:
        assert answer.status == 404
