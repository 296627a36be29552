"""Everything of docker-compose.yml by hand: commands, environment, files, users, health checks, on a real Kafka."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from composed import SERVICES
from containers import Container, Network, properties_of, wait_until, why_no_containers

from bordertally.agents.servers.kafka import LOGGING, QUICK_START
from bordertally.agents.servers.kafka_jars import kafka_jars, why_no_kafka

PROMETHEUS = shutil.which("prometheus")
ALERTMANAGER = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
FLOWS = "http://127.0.0.1:6080/v1/flows?flow=RU:GE"


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    reason = why_no_containers()
    if reason is not None:
        pytest.skip(reason)
    reason = why_no_kafka()
    if shutil.which("redis-cli") is None:
        reason = reason or "no Redis (Debian: apt-get install redis-server)"
    if reason is not None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    tmp_path.chmod(0o755)
    with Network(tmp_path) as network:
        yield network


def kafka(network: Network) -> Container:
    """Kafka as its image starts it: properties out of the environment, storage formatted, then the broker."""
    service = SERVICES["kafka"]
    (network.directory / "server.properties").write_text(
        "".join(f"{name}={value}\n" for name, value in properties_of(service).items())
    )
    jars = kafka_jars()
    java = f"java {' '.join(QUICK_START)} -Dlog4j2.configurationFile={LOGGING} -cp '{jars}/*'"
    configuration = "/opt/kafka/config/server.properties"
    steps = [
        f"cp /mnt/shared/config/server.properties {configuration}",
        f'{java} kafka.tools.StorageTool format -t "$CLUSTER_ID" -c {configuration}',
        f"exec {java} kafka.Kafka {configuration}",
    ]
    given = {"/mnt/shared/config/server.properties": network.directory / "server.properties", str(jars): jars}
    return network.container("kafka", ["sh", "-c", " && ".join(steps)], extra=given)


def test_the_sample_goes_through_everything_that_compose_starts(network: Network) -> None:
    broker = kafka(network).start()
    others = [network.container("redis")]
    if PROMETHEUS:
        others.append(network.container("prometheus", [PROMETHEUS, *SERVICES["prometheus"]["command"]]))
    if ALERTMANAGER:
        others.append(network.container("alertmanager", [ALERTMANAGER, *SERVICES["alertmanager"]["command"]]))
    for other in others:
        other.start()
    # Its health check is a script of the image; this asks the same: whether clients in the network are answered.
    listens = ["python", "-c", "import socket; socket.create_connection(('kafka', 9092), 1).close()"]
    wait_until(lambda: broker.succeeds(listens) or broker.ended, f"Kafka is up:\n{broker.said()}")
    assert not broker.ended, broker.said()

    network.container("topics").run()
    worker, gateway = network.container("worker").start(), network.container("gateway").start()
    for other in [*others, worker, gateway]:
        other.wait()
    network.container("demo").run()

    def best() -> int | None:
        if not gateway.succeeds(["python", "-c", f"from urllib.request import urlopen; urlopen('{FLOWS}', timeout=5)"]):
            return None
        week = next((flow["totals"].get("7d") for flow in json.loads(gateway.get(FLOWS))["flows"]), None)
        return int(week["best"]) if week else None

    wait_until(lambda: best() == 53_000, "the gateway tells 53,000 people from Russia to Georgia")
    if ALERTMANAGER:
        alertmanager = next(other for other in others if other.name == "alertmanager")

        def published() -> set[str]:
            alerts = json.loads(alertmanager.get("http://127.0.0.1:9093/api/v2/alerts"))
            return {alert["labels"]["flow"] for alert in alerts}

        wait_until(lambda: "RU:GE" in published(), "Alertmanager is told of RU:GE")
    rejected = worker.get("http://127.0.0.1:6066/metrics")
    refused = [line for line in rejected.splitlines() if line.startswith("bordertally_reports_total{")]
    assert sum(float(line.split()[-1]) for line in refused if 'outcome="rejected"' in line) == 3
    # It is asked to stop and leaves well: an engine would not have to kill it.
    worker.stop()
    assert worker.process is not None
    assert worker.process.returncode == 0, worker.said()


def test_a_container_is_what_it_says(network: Network) -> None:
    """Else the test above would show nothing: not root, nothing to write to, nobody else's network or variables."""
    worker = network.container("worker")
    program = """\
import json, os, pathlib
def writable(path):
    try:
        pathlib.Path(path, "x").write_text("")
    except OSError as error:
        return type(error).__name__, error.errno
    return True
caps = [line.split()[1] for line in open("/proc/self/status") if line.startswith(("CapEff", "CapBnd", "NoNewPrivs"))]
print(json.dumps([os.getuid(), os.getgid(), writable("/app"), writable("/etc/bordertally"), writable("/tmp"), caps,
    sorted(os.environ), len(open("/etc/bordertally/rules.toml").read()) > 0]))
"""
    uid, gid, app, etc, tmp, caps, variables, rules = json.loads(worker.output(["python", "-c", program]))
    assert (uid, gid) == (10001, 10001)
    assert (app, etc, tmp) == (["OSError", 30], ["OSError", 30], True)
    assert {int(capability, 16) for capability in caps[:2]} == {0}
    assert caps[2] == "1"
    allowed = {
        "PATH",
        "PYTHONUNBUFFERED",
        "PYTHONDONTWRITEBYTECODE",
        "LC_CTYPE",
        "PWD",
        *SERVICES["worker"]["environment"],
    }
    assert set(variables) <= allowed
    assert rules
