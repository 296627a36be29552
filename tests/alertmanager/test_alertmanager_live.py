"""The alertmanager hop against Debian's Alertmanager, with real Kafka, and what that Alertmanager sends on."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import msgspec
import pytest
from aiohttp import web

from bordertally.agents.kafka.producer import Record
from bordertally.agents.servers.ports import free_port
from bordertally.agents.servers.process import Server
from bordertally.streams.alerts.records import Alert, AlertState
from bordertally.streams.alerts.silences import make_silence
from live import WAIT_S, Live, answers, until
from unit.kit import alert_record

BINARY = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
AMTOOL = shutil.which("amtool")
DEPLOYED = Path(__file__).parents[2] / "deploy" / "alertmanager" / "alertmanager.yml"

needed = pytest.mark.skipif(BINARY is None, reason="no Alertmanager (Debian: apt-get install prometheus-alertmanager)")

CONFIG = """
route:
  receiver: here
  group_by: [flow]
  group_wait: 0s
  group_interval: 1s
receivers:
  - name: here
    webhook_configs:
      - url: http://127.0.0.1:{port}/notified
        send_resolved: true
"""


class Notified:
    """What an Alertmanager tells people: here, a receiver of its own webhooks."""

    def __init__(self) -> None:
        self.port = free_port()
        self.alerts: list[dict[str, Any]] = []

    async def handle(self, request: web.Request) -> web.Response:
        self.alerts += (await request.json())["alerts"]
        return web.Response()

    def statuses(self, flow: str = "RU:GE") -> list[tuple[str, str]]:
        alerts = [alert for alert in self.alerts if alert["labels"]["flow"] == flow]
        return [(alert["status"], alert["labels"]["severity"]) for alert in alerts]


@pytest.fixture
async def notified() -> AsyncIterator[Notified]:
    notified = Notified()
    app = web.Application()
    app.router.add_post("/notified", notified.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", notified.port).start()
    yield notified
    await runner.cleanup()


@pytest.fixture
def alertmanager(notified: Notified, tmp_path: Path) -> Iterator[Server]:
    directory, port = tmp_path / "alertmanager", free_port()
    directory.mkdir()
    (directory / "alertmanager.yml").write_text(CONFIG.format(port=notified.port))
    command = [str(BINARY), f"--config.file={directory}/alertmanager.yml", f"--storage.path={directory}/data"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]
    server = Server(
        "alertmanager",
        command,
        port=port,
        directory=directory,
        check=lambda: answers(port, "/-/ready"),
        timeout_s=WAIT_S,
    )
    yield server.start()
    server.stop()


def alerts_in(server: Server) -> list[dict[str, Any]]:
    """The active alerts it has."""
    try:
        with urlopen(f"http://{server.address}/api/v2/alerts?active=true", timeout=5) as answer:
            alerts: list[dict[str, Any]] = json.load(answer)
            return alerts
    except (URLError, OSError):
        return []


def severities(server: Server) -> list[tuple[str, str]]:
    return sorted((alert["labels"]["flow"], alert["labels"]["severity"]) for alert in alerts_in(server))


async def say(live: Live, *alerts: Alert) -> None:
    topic = live.topics.alerts
    await live.send([Record(topic, alert.flow.encode(), msgspec.json.encode(alert)) for alert in alerts])


@needed
@pytest.mark.kafka
async def test_alerts_are_kept_firing_and_end(live_on_kafka: Live, alertmanager: Server, notified: Notified) -> None:
    live = live_on_kafka
    environment = {
        "BORDERTALLY_HOPS": "alertmanager",
        "BORDERTALLY_ALERTMANAGER_URL": f"http://{alertmanager.address}",
        "BORDERTALLY_ALERTMANAGER_RESEND_S": "1",
        "BORDERTALLY_PUBLIC_URL": "https://board.example/",
    }
    now = datetime.now(UTC)
    silence = make_silence("RU:AM", until=now + timedelta(hours=1), author="me", comment="test", now=now)
    await live.send([Record(live.topics.silences, silence.id.encode(), msgspec.json.encode(silence))])
    worker = live.worker(**environment)
    await say(live, alert_record("RU:AM"), alert_record(), alert_record("RU:KZ"))  # of the first nobody is told

    async def both() -> bool:
        return severities(alertmanager) == [("RU:GE", "warning"), ("RU:KZ", "warning")]

    await until(both, "both alerts are there")
    georgia = next(alert for alert in alerts_in(alertmanager) if alert["labels"]["flow"] == "RU:GE")
    assert georgia["labels"] == {
        "alertname": "BorderDailyRate",
        "flow": "RU:GE",
        "origin": "RU",
        "rule": "daily-rate",
        "severity": "warning",
    }
    assert (georgia["annotations"]["summary"], georgia["annotations"]["reports"]) == ("explained", "ge-1, no-2")
    assert georgia["generatorURL"] == "https://board.example/v1/alerts/alert-RU:GE"

    # said again before it runs out: it is still there well after the end that was first said
    first = georgia["endsAt"]
    began = time.monotonic()

    async def outlived() -> bool:
        ends = [alert["endsAt"] for alert in alerts_in(alertmanager)]
        return time.monotonic() > began + 5 and len(ends) == 2 and min(ends) > first

    await until(outlived, "the alerts outlive their first end")
    assert all(status == "firing" for status, _ in notified.statuses())

    # an Alertmanager that forgot everything, and a worker that did, are told again
    alertmanager.kill()
    shutil.rmtree(alertmanager.log.parent / "data")
    alertmanager.start()
    await until(both, "a new Alertmanager is told")
    worker.kill()
    live.worker(**environment)
    await say(live, alert_record(seq=2, severity="critical"))

    async def worse() -> bool:
        notified_twice = ("firing", "critical") in notified.statuses() and len(notified.statuses("RU:KZ")) >= 2
        return notified_twice and severities(alertmanager) == [("RU:GE", "critical"), ("RU:KZ", "warning")]

    await until(worse, "the other severity replaces the first, and people were told")

    resolved = msgspec.structs.replace(alert_record(seq=3, severity="critical"), state=AlertState.RESOLVED)
    await say(
        live,
        msgspec.structs.replace(resolved, until="2022-09-28"),
        msgspec.structs.replace(alert_record("RU:KZ", 2), state=AlertState.WITHDRAWN, explanation="taken back"),
    )

    async def ended() -> bool:
        return ("resolved", "critical") in notified.statuses() and ("resolved", "warning") in notified.statuses("RU:KZ")

    await until(ended, "people are told that both are over")
    assert alerts_in(alertmanager) == []
    last = next(alert for alert in reversed(notified.alerts) if alert["labels"]["flow"] == "RU:KZ")
    assert (last["annotations"]["ended"], last["annotations"]["summary"]) == ("withdrawn", "taken back")
    last = next(alert for alert in reversed(notified.alerts) if alert["labels"]["severity"] == "critical")
    assert last["endsAt"].startswith("2022-09-28T00:00:00")


@pytest.mark.skipif(AMTOOL is None, reason="no amtool (Debian: apt-get install prometheus-alertmanager)")
def test_the_deployed_configuration_is_accepted() -> None:
    done = subprocess.run([str(AMTOOL), "check-config", str(DEPLOYED)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(AMTOOL is None, reason="no amtool (Debian: apt-get install prometheus-alertmanager)")
@pytest.mark.parametrize(("severity", "receiver"), [("critical", "duty-officer"), ("notice", "nobody")])
def test_the_deployed_routes(severity: str, receiver: str) -> None:
    command = [str(AMTOOL), "config", "routes", "test", f"--config.file={DEPLOYED}"]
    command += ["alertname=BorderDailyRate", "flow=RU:GE", f"severity={severity}"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == receiver
