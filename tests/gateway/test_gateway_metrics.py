"""/metrics of a gateway is the catalogue, and its registry changes under it as that of a worker does."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import Metric as Family
from prometheus_client.parser import text_string_to_metric_families

from bordertally.agents.gateway.app import create_gateway
from bordertally.agents.kafka.producer import Record
from bordertally.agents.servers.process import Server
from bordertally.streams.delivery.metrics import CATALOGUE, ELSEWHERE, ROUTES
from bordertally.streams.delivery.tokens import digest_of
from bordertally.streams.settings import load_settings
from gateway.listening import listen
from gateway.test_posting import REGISTRY, REPORT, post
from live import Live, page, until

SHOWN = {metric.name.removesuffix("_total"): metric for metric in CATALOGUE if metric.part in ("process", "gateway")}
STATUSES = 20
"""Statuses that one route answers with at most."""


async def families(server: Server) -> dict[str, Family]:
    text = await asyncio.to_thread(page, server.port, "/metrics")
    return {family.name: family for family in text_string_to_metric_families(text)}


async def value(server: Server, name: str, **labels: str) -> float | None:
    """The value of a series; None where there is none."""
    for family in (await families(server)).values():
        for sample in family.samples:
            if sample.name == f"bordertally_{name}" and sample.labels == labels:
                return float(sample.value)
    return None


async def reads(server: Server, wanted: float, name: str, **labels: str) -> None:
    async def so() -> bool:
        return await value(server, name, **labels) == wanted

    await until(so, f"{name} {labels} {wanted}")


def test_the_catalogue_names_every_route() -> None:
    routes = {resource.canonical for resource in create_gateway(load_settings()).router.resources()}
    assert routes | {ELSEWHERE} == set(ROUTES)


@pytest.mark.kafka
async def test_a_live_gateway_shows_the_catalogue_and_nothing_else(live_on_kafka: Live, tmp_path: Path) -> None:
    live = live_on_kafka
    (tmp_path / "sources.toml").write_text(REGISTRY, encoding="utf-8")
    gateway = live.gateway(BORDERTALLY_SOURCES=str(tmp_path / "sources.toml"), BORDERTALLY_GATEWAY_REPORTS_PER_S="0.01")
    answers = [await post(gateway.address, REPORT, "kz-secret") for _ in range(4)]
    assert sorted({answer[0] for answer in answers}) == [202, 429]
    assert (await post(gateway.address, REPORT, "wrong"))[0] == 401
    assert (await post(gateway.address, REPORT | {"source": "ge-mia"}, "kz-secret"))[0] == 403
    async with aiohttp.ClientSession() as http:
        for path in (
            "/made/up",
            "/made/up/too",
            "/v1/reports",
            "/v1/alerts/none",
            "/board/overview/board.js",
            "/v1/sources",
        ):
            async with http.get(f"http://{gateway.address}{path}") as answer:
                await answer.read()
        everything, alerts = (
            listen(http, gateway.address, beats=True),
            listen(http, gateway.address, query={"kinds": "alerts"}, beats=True),
        )
        async with aclosing(everything), aclosing(alerts):
            await anext(everything)
            await anext(alerts)
            await reads(gateway, 2, "stream_clients")
            totals, alerts_topic = live.topics.totals, live.topics.alerts
            sent = [Record(totals, b"RU", b"{}", 0), Record(alerts_topic, b"RU", b'{"severity": "notice"}', 0)]
            await live.send(sent)
            await reads(gateway, 1, "stream_events_total", kind="totals")
            await reads(gateway, 2, "stream_events_total", kind="alerts")
        again = listen(http, gateway.address, last="0")
        async with aclosing(again):  # what a client catches up with is sent, too
            await anext(again)
            await anext(again)
        await reads(gateway, 3, "stream_events_total", kind="alerts")
    await reads(gateway, 0, "stream_clients")

    metrics = await families(gateway)
    ours = {name: family for name, family in metrics.items() if not name.startswith("process_")}
    assert set(ours) == set(SHOWN)
    for name, family in ours.items():
        wanted = SHOWN[name]
        assert (family.type, family.documentation) == (wanted.kind, wanted.meaning)
        assert len(family.samples) <= wanted.series({"status": STATUSES, "version": 1, "sources": 1, "rules": 1}), name
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(wanted.labels), sample
            for label, values in wanted.values.items():
                assert sample.labels[label] in values, sample
    read = {sample.labels["file"] for sample in ours["bordertally_config_last_reload_successful"].samples}
    assert read == {"sources"}, "a file that is not read here has not failed"
    accepted = sum(answer[0] == 202 for answer in answers)
    for outcome, number in (("accepted", accepted), ("limited", 4 - accepted), ("refused", 2), ("failed", 0)):
        assert await value(gateway, "gateway_reports_total", outcome=outcome) == number
    for route, status, number in (
        (ELSEWHERE, 404, 2),
        (ELSEWHERE, 405, 1),
        ("/v1/reports", 202, accepted),
        ("/v1/alerts/{id}", 404, 1),
        ("/board", 200, 1),
        ("/v1/sources", 200, 1),
        ("/v1/stream", 200, 3),
    ):
        assert await value(gateway, "gateway_requests_total", route=route, status=str(status)) == number, route
        if route != ELSEWHERE:
            assert (await value(gateway, "gateway_request_seconds_count", route=route) or 0) >= number


@pytest.mark.kafka
async def test_a_registry_changes_under_a_gateway(live_on_kafka: Live, tmp_path: Path) -> None:
    live, sources = live_on_kafka, tmp_path / "sources.toml"
    sources.write_text(REGISTRY, encoding="utf-8")
    gateway = live.gateway(BORDERTALLY_SOURCES=str(sources), BORDERTALLY_RELOAD_S="0.1")

    async def answered(token: str | None, **changes: object) -> int:
        return (await post(gateway.address, REPORT | changes, token))[0]

    assert await answered("kz-secret") == 202

    # a token is taken back and another given, a source is renamed
    sources.write_text(REGISTRY.replace(digest_of("kz-secret"), digest_of("kz-new")).replace("Kazakhstan's", "The"))

    async def renewed() -> bool:
        return await answered("kz-new") == 202

    await until(renewed, "the new token opens")
    assert await answered("kz-secret") == 401
    async with aiohttp.ClientSession() as http, http.get(f"http://{gateway.address}/v1/sources") as answer:
        assert "The interior ministry" in await answer.text()

    # a broken file changes nothing
    sources.write_text(REGISTRY.replace('"B"', '"Z"'))
    await reads(gateway, 0, "config_last_reload_successful", file="sources")
    assert await answered("kz-new") == 202

    # the last token goes: reports are not open to anybody for that
    sources.write_text("\n".join(line for line in REGISTRY.splitlines() if not line.startswith("tokens")))
    await reads(gateway, 1, "config_last_reload_successful", file="sources")
    assert await answered("kz-new") == 401
    assert await answered(None) == 401
