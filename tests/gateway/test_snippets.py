"""What docs/subscribe.md and docs/gateway.md tell to run, run as it stands but for the addresses."""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bordertally.agents.servers.process import Server
from live import Live

pytestmark = pytest.mark.kafka

DOCS = Path(__file__).parents[2] / "docs"


def snippet(page: str, kind: str, having: str) -> str:
    """The one block of a page that holds a word."""
    text = (DOCS / page).read_text(encoding="utf-8")
    (snippet,) = [body for body in re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL) if having in body]
    return str(snippet)


def reads_until(command: list[str], wanted: int, mark: str, **environment: str) -> list[str]:
    """Run until so many lines with a mark have come, then end it."""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=os.environ | environment
    ) as process:
        assert process.stdout is not None
        read, deadline = b"", time.monotonic() + 60
        while read.count(mark.encode()) < wanted and time.monotonic() < deadline:
            if select.select([process.stdout], [], [], 0.5)[0]:
                part = os.read(process.stdout.fileno(), 65_536)
                if not part:
                    break
                read += part
        process.kill()
    lines = read.decode().splitlines()
    assert sum(mark in line for line in lines) >= wanted, lines
    return lines


def test_kafka_in_python(week: Live, tmp_path: Path) -> None:
    code = snippet("subscribe.md", "python", "AIOKafkaConsumer")
    code = code.replace('"totals", "alerts", **', f'"{week.topics.totals}", "{week.topics.alerts}", **')
    code = code.replace('== "totals"', f'== "{week.topics.totals}"')
    (tmp_path / "subscriber.py").write_text(code, encoding="utf-8")
    command = [sys.executable, str(tmp_path / "subscriber.py"), week.broker.address]
    lines = reads_until(command, 1, "Russia to Georgia: 10,000 ")  # fires so or grows to it
    assert any(
        line.startswith(("firing warning Russia to Georgia", "updated warning Russia to Georgia")) for line in lines
    )


def test_kafka_with_kcat(week: Live) -> None:
    if shutil.which("kcat") is None:
        pytest.skip("kcat is not installed: apt-get install kcat")
    command = snippet("subscribe.md", "sh", "kcat").replace("127.0.0.1:19092", week.broker.address)
    command = command.replace("-t alerts", f"-t {week.topics.alerts}")
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) >= 2
    for line in lines:
        headers, _, value = line.partition(" ")
        signature = dict(part.split("=", 1) for part in headers.split(","))
        alert = json.loads(value)
        assert signature["ce_type"] == f"bordertally.alert.{alert['state']}"
        assert signature["ce_id"] == f"{alert['id']}/{alert['seq']}"
        assert (signature["ce_subject"], signature["ce_severity"]) == (alert["flow"], alert["severity"])


def test_the_stream_with_curl(gateway: Server) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed: apt-get install curl")
    command = snippet("subscribe.md", "sh", "curl").replace("127.0.0.1:6080", gateway.address)
    lines = reads_until(["bash", "-c", f"exec {command}"], 1, "data: ")
    (first, *_) = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {")]
    assert (first["flow"], first["severity"]) == ("RU:GE", "warning")


def test_a_report_with_curl(gateway: Server) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed: apt-get install curl")
    command = snippet("gateway.md", "sh", "kz-1").replace("127.0.0.1:6080", gateway.address)
    command = command.replace(
        "2022-09-27T09:00:00Z", "2022-09-27T08:00:00Z"
    )  # older than what the week says: no change
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=60, check=True, env=os.environ | {"TOKEN": ""}
    )
    assert set(json.loads(done.stdout)) == {"topic", "partition", "offset"}
