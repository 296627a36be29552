"""The logs of real workers and gateways: JSON alone, a report followed by its id, no secrets, and quiet at info."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from bordertally.agents.demo.run import sample
from bordertally.agents.servers.process import Server
from live import Live, pure

WORDS = "From 29 September to 1 October 41,500 Russian citizens entered Kazakhstan, an official said."
READ, REDIS = "sha256:" + "a" * 64, "hunter2"


def logged(server: Server) -> list[dict[str, Any]]:
    """The log of a server: each line an object."""
    return [json.loads(line) for line in server.log.read_text(encoding="utf-8").splitlines()]


def fault() -> bytes:
    report = {"id": "faulty\n1", "source": "kz-mia", "published": "2022-09-27T09:00:00Z", "flow": "RU:KZ"}
    return json.dumps(report | {"period": "2022-09-21", "people": -1}).encode()


def in_words() -> bytes:
    report = {"id": "words-1", "source": "kz-mia", "published": "2022-10-02T09:00:00+06:00", "text": WORDS}
    return json.dumps(report).encode()


@pytest.mark.kafka
async def test_a_report_is_followed_by_its_id_through_a_log_of_json(live_on_kafka: Live) -> None:
    live = live_on_kafka
    worker = live.worker(BORDERTALLY_LOG_FORMAT="json", BORDERTALLY_LOG_LEVEL="debug")
    raws = [*sample(), in_words()]
    await live.publish([*raws, fault()])
    desk = pure(raws)
    await live.shows(desk)
    await live.shows_alerts(desk)
    await live.records(live.topics.rejected, 1)
    await asyncio.to_thread(worker.stop)
    lines = logged(worker)
    assert {line["logger"] for line in lines} == {"bordertally"}
    assert lines[0]["message"].startswith(f"worker of {live.broker.address}: hops intake,")
    refusals = [line for line in lines if line.get("report") == "faulty\\n1"]  # control characters are escaped
    assert len({line["place"] for line in refusals}) == 1  # on a slow machine the same record may come twice
    refused = refusals[0]
    assert (refused["level"], refused["reason"], refused["source"]) == ("debug", "people_out_of_range", "kz-mia")
    assert refused["place"].startswith(f"{live.topics.every_report[0]}/")
    messages = [line["message"] for line in lines if line.get("report") == "words-1"]
    assert messages[:2] == ["intake: statement read", "intake: claim taken"]
    alert = next(line for line in lines if line.get("flow") == "RU:GE" and line.get("state") == "firing")
    (claim, *_) = (line for line in lines if f"{line.get('source')}/{line.get('report')}" in alert["reports"])
    assert claim["message"] == "intake: claim taken"
    assert claim["time"] <= alert["time"]
    batches = [line for line in lines if line["message"] == "intake: batch"]
    assert sum(sum(line["reports"].values()) for line in batches) >= len(raws) + 1
    assert len(batches) + len([line for line in lines if line["message"] == "ledger: batch"]) < len(lines)


@pytest.mark.kafka
async def test_at_info_there_is_a_line_a_batch_at_most_and_none_a_report(live_on_kafka: Live) -> None:
    live = live_on_kafka
    worker = live.worker()
    await live.publish([*sample(), fault()])
    await live.shows_alerts(pure(sample()))
    await live.records(live.topics.rejected, 1)
    await asyncio.to_thread(worker.stop)
    text = worker.log.read_text(encoding="utf-8")
    assert " INFO bordertally alerts: " in text
    assert "DEBUG" not in text
    assert "report=" not in text
    assert len(text.splitlines()) < len(sample())


@pytest.mark.kafka
async def test_a_gateway_tells_of_requests_and_of_no_secret(live_on_kafka: Live) -> None:
    live = live_on_kafka
    gateway = live.gateway(
        BORDERTALLY_LOG_FORMAT="json",
        BORDERTALLY_LOG_LEVEL="debug",
        BORDERTALLY_PUBLIC_READ="true",
        BORDERTALLY_READ_TOKENS=READ,
        BORDERTALLY_REDIS_URL=f"redis://:{REDIS}@{live.redis.address}/0",  # a Redis that knows no such password
    )

    def ask() -> int:
        asked = Request(f"http://127.0.0.1:{gateway.port}/v1/flows?token=secret1", headers={"X-Token": "secret2"})
        try:
            with urlopen(asked, timeout=30) as answer:
                status: int = answer.status
        except HTTPError as error:
            status = error.code
            error.close()
        return status

    status = await asyncio.to_thread(ask)
    await asyncio.to_thread(gateway.stop)
    (request,) = (line for line in logged(gateway) if line.get("path") == "/v1/flows")
    assert (request["method"], request["status"], request["message"]) == ("GET", status, "gateway: request")
    text = gateway.log.read_text(encoding="utf-8")
    assert f"http://127.0.0.1:{gateway.port}/" in text
    for secret in (READ, REDIS, "secret1", "secret2"):
        assert secret not in text


def test_what_stops_a_worker_is_json_too(tmp_path: Path) -> None:
    environment = os.environ | {
        "BORDERTALLY_LOG_FORMAT": "json",
        "BORDERTALLY_SOURCES": str(tmp_path / "none.toml"),
    }
    command = [sys.executable, "-m", "bordertally.agents.cli.main", "worker"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False, env=environment)
    assert done.returncode == 2
    (error,) = (json.loads(line) for line in done.stderr.splitlines())
    assert error["level"] == "critical"
    assert error["message"].startswith(f"source registry {tmp_path}/none.toml: no such file")
