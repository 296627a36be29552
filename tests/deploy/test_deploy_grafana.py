"""The dashboard: every query names what exists, and tells something on a Prometheus that scraped a running pipeline."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from importlib import resources
from math import isnan
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import aiohttp
import pytest
import yaml
from composed import SERVICES, TOP, binds

from bordertally.agents.demo.run import sample
from bordertally.agents.servers.ports import free_port
from bordertally.agents.servers.process import Server
from bordertally.streams.delivery.metrics import CATALOGUE
from bordertally.streams.settings import Hop
from live import WAIT_S, Live, answers, page, pure, until
from webhooks.receiver import receiving

GRAFANA = TOP / "deploy" / "grafana"
PROMETHEUS = TOP / "deploy" / "prometheus"
BOARD: dict[str, Any] = json.loads((GRAFANA / "dashboards" / "bordertally.json").read_text(encoding="utf-8"))
ROWS = ["Borders", "Data health", "Pipeline health", "Gateway"]
SECRET = "whsec_" + "c2VjcmV0LW9mLXRoZS1kYXNoYm9hcmQtdGVzdC1vbmx5"


class Query(NamedTuple):
    """One query of a panel, with every flow chosen."""

    panel: str
    expression: str
    legend: str


def panels() -> list[dict[str, Any]]:
    return [panel for panel in BOARD["panels"] if panel["type"] != "row"]


def queries() -> list[Query]:
    every_flow = BOARD["templating"]["list"][0]["allValue"]
    return [
        Query(panel["title"], target["expr"].replace("$flow", every_flow), target["legendFormat"])
        for panel in panels()
        for target in panel["targets"]
    ]


def recorded() -> set[str]:
    groups = yaml.safe_load((PROMETHEUS / "rules.yml").read_text(encoding="utf-8"))["groups"]
    return {rule["record"] for group in groups for rule in group["rules"] if "record" in rule}


# --- the files -------------------------------------------------------------------------------------------------


def test_rows_and_panels_have_a_place_of_their_own() -> None:
    assert [panel["title"] for panel in BOARD["panels"] if panel["type"] == "row"] == ROWS
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    taken: dict[tuple[int, int], str] = {}
    for item in BOARD["panels"]:
        at = item["gridPos"]
        assert at["x"] + at["w"] <= 24, item["title"]
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                assert (x, y) not in taken, f"{item['title']} lies on {taken[x, y]}"
                taken[x, y] = item["title"]


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: panel["title"])
def test_panels_say_what_they_show(panel: dict[str, Any]) -> None:
    assert panel["description"].endswith(".")
    assert panel["targets"]
    assert panel["fieldConfig"]["defaults"]["unit"]


@pytest.mark.parametrize("query", queries(), ids=lambda query: f"{query.panel}: {query.legend}")
def test_queries_use_metrics_and_labels_that_exist(query: Query) -> None:
    known = {metric.name: metric for metric in CATALOGUE}
    text = re.sub(r'"[^"]*"', '""', query.expression)
    used = set(re.findall(r"\bbordertally[\w:]*\w|\bup\b", text))
    assert used
    rules = {name for name in used if ":" in name}
    assert rules <= recorded()
    names = {re.sub("_(bucket|sum|count)$", "", name) if name not in known else name for name in used - rules - {"up"}}
    assert names <= set(known)
    labels = {"le", "job", "instance"}.union(*(known[name].labels for name in names))
    grouped = {part.strip() for inside in re.findall(r"\b(?:by|on) \(([^)]*)\)", text) for part in inside.split(",")}
    assert grouped <= labels | {"source"}
    if not rules:
        assert set(re.findall(r"\{\{(\w+)\}\}", query.legend)) <= grouped


def test_everything_is_provisioned_where_compose_mounts_it() -> None:
    mounted = binds(SERVICES["grafana"])
    (source,) = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yml").read_text())["datasources"]
    (provider,) = yaml.safe_load((GRAFANA / "provisioning/dashboards/bordertally.yml").read_text())["providers"]
    assert mounted[provider["options"]["path"]] == GRAFANA / "dashboards"
    assert mounted["/etc/grafana/provisioning"] == GRAFANA / "provisioning"
    host, port = re.fullmatch(r"http://(\w+):(\d+)", source["url"]).groups()  # type: ignore[union-attr]
    assert any(mapping.endswith(f":{port}") for mapping in SERVICES[host]["ports"])
    named = {datasource["uid"] for datasource in every_datasource(BOARD)}
    assert named == {source["uid"]}
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    folder, _, name = home.rpartition("/")
    assert (mounted[folder] / name).is_file()


def every_datasource(part: Any) -> Iterator[dict[str, str]]:
    """Every data source that a part of a dashboard names."""
    if isinstance(part, dict):
        if "datasource" in part:
            yield part["datasource"]
        for value in part.values():
            yield from every_datasource(value)
    elif isinstance(part, list):
        for value in part:
            yield from every_datasource(value)


# --- a pipeline, a Prometheus, every query ---------------------------------------------------------------------


def start_prometheus(binary: str, directory: Path, ports: Mapping[str, int]) -> Server:
    """Prometheus with the project's own configuration and rules: only addresses are told, and it asks more often.

    `ports`: where each job is to be asked.
    """
    configuration = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8"))
    configuration["global"] |= {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    configuration["scrape_configs"] = [
        config for config in configuration["scrape_configs"] if config["job_name"] in ports
    ]
    assert len(configuration["scrape_configs"]) == len(ports)
    for job in configuration["scrape_configs"]:
        del job["dns_sd_configs"]
        job["static_configs"] = [{"targets": [f"127.0.0.1:{ports[job['job_name']]}"]}]
    directory.mkdir()
    (directory / "prometheus.yml").write_text(yaml.safe_dump(configuration))
    for name in configuration["rule_files"]:
        shutil.copy(PROMETHEUS / name, directory / name)
    port = free_port()
    command = [binary, f"--config.file={directory}/prometheus.yml", f"--storage.tsdb.path={directory}/data"]
    command.append(f"--web.listen-address=127.0.0.1:{port}")
    return Server(
        "prometheus",
        command,
        port=port,
        directory=directory,
        check=lambda: answers(port, "/-/ready"),
        timeout_s=WAIT_S,
    ).start()


def tells(prometheus: Server, query: Query) -> bool:
    """Whether a query has an answer that is a number."""
    answer = json.loads(page(prometheus.port, f"/api/v1/query?query={quote(query.expression)}"))
    assert answer["status"] == "success", query
    return any(not isnan(float(series["value"][1])) for series in answer["data"]["result"])


async def test_every_query_tells_something_of_a_running_pipeline(live_on_kafka: Live, tmp_path: Path) -> None:
    binary = shutil.which("prometheus")
    if binary is None:
        pytest.skip("no Prometheus (Debian: apt-get install prometheus)")
    live = live_on_kafka
    registry = resources.files("bordertally.agents.demo").joinpath("sources.toml").read_text(encoding="utf-8")
    sources = tmp_path / "sources.toml"
    sources.write_text(registry.replace("[sources.kz-mia]\n", '[sources.kz-mia]\nevery = "P1D"\n'), encoding="utf-8")
    async with receiving(SECRET) as receiver:
        subscription = f'[subscriptions.desk]\nurl = "{receiver.url()}"\nsecrets = ["file:secret"]\n'
        (tmp_path / "webhooks.toml").write_text(subscription)
        (tmp_path / "secret").write_text(SECRET)
        worker = await asyncio.to_thread(
            live.worker,
            BORDERTALLY_HOPS=",".join(Hop),
            BORDERTALLY_SOURCES=str(sources),
            BORDERTALLY_WEBHOOKS=str(tmp_path / "webhooks.toml"),
            BORDERTALLY_WEBHOOK_ALLOW="127.0.0.1",
            BORDERTALLY_ALERTMANAGER_URL=f"http://127.0.0.1:{free_port()}",
        )
        gateway = await asyncio.to_thread(live.gateway)
        ports = {"bordertally": worker.port, "bordertally-gateway": gateway.port}
        prometheus = await asyncio.to_thread(start_prometheus, binary, tmp_path / "prometheus", ports)
        try:
            up = Query("", "min(count_over_time(up[1m])) > 1 and count(up) == 2", "")

            async def scraped() -> bool:
                return await asyncio.to_thread(tells, prometheus, up)

            await until(scraped, "the worker was scraped before anything was published")
            await live.publish(sample())
            await live.shows(pure(sample()))
            silent: list[Query] = queries()
            deadline = time.monotonic() + WAIT_S
            while silent and time.monotonic() < deadline:
                silent = [query for query in silent if not await asyncio.to_thread(tells, prometheus, query)]
                await asyncio.sleep(0.2)
            assert not silent, f"without data: {silent}"
            async with aiohttp.ClientSession() as http, http.get(f"http://{gateway.address}/v1/stream") as stream:
                assert stream.status == 200
                listening = Query("", "sum(bordertally_stream_clients) == 1", "")

                async def heard() -> bool:
                    return await asyncio.to_thread(tells, prometheus, listening)

                await until(heard, "a client of the stream is counted")
        finally:
            await asyncio.to_thread(prometheus.stop)
