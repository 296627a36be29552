"""docker-compose.yml on a real Docker Engine: `make containers`. The name keeps it out of `make test`: it is slow.

The tests are in the order of a user's day and share one project: built, started, used, disturbed, stopped and started
again. The images beside the project's own are stand-ins (stand_ins.py).
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from urllib.parse import quote

import pytest
import yaml
from composed import SERVICES, TOP, environment
from engine import CACHE, WRITABLE, Engine, EngineError, why_no_engine
from stand_ins import LEFT_OUT, build_all, python_image

from bordertally.agents.demo.run import sample
from live import hourly, pure

GATEWAY, PROMETHEUS, ALERTMANAGER = "http://127.0.0.1:6080", "http://127.0.0.1:9090", "http://127.0.0.1:9093"
WAIT_S = 300.0
RUNNING = [name for name, service in SERVICES.items() if "healthcheck" in service and name not in LEFT_OUT]
STARTED = [*RUNNING, "topics"]
TWO_WORKERS = {"BORDERTALLY_WORKERS": "2"}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
IN_PROC = (
    WRITABLE
    + """\
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(json.dumps({"uid": os.getuid(), "gid": os.getgid(), "bounding": status["CapBnd"].strip(),
    "effective": status["CapEff"].strip(), "no new": status["NoNewPrivs"].strip(),
    "places": {path: writable(path) for path in ("/", "/app", "/opt/bordertally", "/etc/bordertally", "/tmp")}}))
"""
)
TICKS = """\
import os
def ticks(pid):
    fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
others = [pid for pid in os.listdir("/proc") if pid.isdigit() and int(pid) != os.getpid()]
print(sum(map(ticks, others)), os.sysconf("SC_CLK_TCK"))
"""

Value = TypeVar("Value")
Figures = dict[str, tuple[int, int, int | None]]

pytestmark = pytest.mark.timeout(1_800)


def until(ask: Callable[[], Value], expected: Callable[[Value], bool], what: str, seconds: float = WAIT_S) -> Value:
    """Ask again until the answer is as expected; the failure shows the last answer."""
    deadline = time.monotonic() + seconds
    answer: object = None
    while time.monotonic() < deadline:
        try:
            value = ask()
        except (EngineError, ValueError, KeyError) as error:
            answer = error
        else:
            if expected(value):
                return value
            answer = value
        time.sleep(0.5)
    raise AssertionError(f"not within {seconds:.0f} s: {what}; the last answer: {str(answer)[:2_000]}")


class Project:
    """The project of docker-compose.yml on an engine, as it is used; `sent`: the reports published so far."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.sent: list[bytes] = []

    def up(self, *options: str) -> None:
        """Start everything that is to be started, and wait until each health check passes."""
        self.engine.compose("up", "--detach", "--no-build", *options, *STARTED, variables=TWO_WORKERS)
        self.healthy()

    def healthy(self) -> None:
        """Wait until every running container passes its own health check."""

        def states() -> dict[str, str]:
            found = {}
            for service in RUNNING:
                for container in self.containers(service):
                    found[container] = self.engine.inspect(container)["State"]["Health"]["Status"]
            return found

        until(states, lambda found: bool(found) and set(found.values()) == {"healthy"}, "every container is healthy")

    def containers(self, service: str) -> list[str]:
        """The ids of the containers of a service that exist."""
        return self.engine.compose("ps", "--all", "--quiet", service).split()

    def publish_sample(self) -> str:
        """As docs/deploy.md says."""
        self.sent += sample()
        return self.engine.compose("--profile", "demo", "run", "--rm", "--no-TTY", "demo")

    def publish(self, reports: list[bytes]) -> str:
        """Publish further reports from standard input, by the same service."""
        self.sent += reports
        command = ["publish", "-", "--to", "kafka:9092", "--sources", "/etc/bordertally/sources.toml"]
        options = ["--profile", "demo", "run", "--rm", "--no-TTY", "--no-deps", "demo"]
        return self.engine.compose(*options, *command, stdin=b"\n".join(reports))

    def json(self, address: str) -> Any:
        """What an address answers."""
        return json.loads(self.engine.get(address))

    def figures(self) -> Figures:
        """Low, best and high of seven days, by flow, as the gateway tells them."""
        return {
            flow["flow"]: (week["low"], week["best"], week["high"])
            for flow in self.json(f"{GATEWAY}/v1/flows?limit=1000")["flows"]
            if (week := flow["totals"].get("7d"))
        }

    def shows_all(self) -> None:
        """Wait until the gateway tells what the pure core makes of all reports that were published."""
        wanted: Figures = {
            str(flow): (total.low, total.best, total.high)
            for flow, state in pure(self.sent).states.items()
            for total in state.totals
            if total.window_days == 7 and total.population == "people"
        }
        until(self.figures, lambda found: found == wanted, f"the gateway tells {wanted}")

    def metric(self, expression: str) -> float:
        """The sum of an expression, as Prometheus computes it."""
        answer = self.json(f"{PROMETHEUS}/api/v1/query?query={quote(expression)}")
        return sum(float(row["value"][1]) for row in answer["data"]["result"])


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    if (reason := why_no_engine()) is not None:
        pytest.fail(reason)
    with Engine(CACHE / "engine", apart=False) as builder:
        began = time.monotonic()
        build_all(builder)
        print(f"\nimages built in {time.monotonic() - began:.0f} s")  # noqa: T201
    with Engine(CACHE / "engine", apart=True) as engine:
        engine.compose("--profile", "demo", "down", "--volumes", "--remove-orphans")  # of a run that was ended
        yield engine
        engine.compose("--profile", "demo", "down", "--volumes", "--remove-orphans")


@pytest.fixture(scope="module")
def project(engine: Engine) -> Project:
    project, began = Project(engine), time.monotonic()
    project.up()
    print(f"\nup and healthy after {time.monotonic() - began:.0f} s")  # noqa: T201
    return project


# --- the image -------------------------------------------------------------------------------------------------


def test_the_image_says_what_it_is_and_holds_no_tools_to_build(engine: Engine) -> None:
    image = SERVICES["worker"]["image"]
    about = engine.inspect(image)["Config"]
    labels = {name.rpartition(".")[2]: value for name, value in about["Labels"].items()}
    assert (labels["title"], labels["licenses"], labels["version"]) == ("bordertally", "MIT", image.rpartition(":")[2])
    assert (about["User"], about["Entrypoint"], about["Cmd"]) == ("10001:10001", ["bordertally"], ["worker"])
    assert "/healthz" in about["Healthcheck"]["Test"][-1]
    run = ["run", "--rm", "--network=none", "--entrypoint"]
    there = engine.docker(*run, "ls", image, "/opt/bordertally/bin").split()
    assert "bordertally" in there
    assert not [name for name in there if name.startswith("pip")]
    compilers = engine.docker(*run, "sh", image, "-c", "command -v gcc cc make || echo none")
    assert compilers.strip() == "none"
    bill = json.loads(engine.docker(*run, "cat", image, "/opt/bordertally/share/sbom/bordertally.cdx.json"))
    packages = {part["name"] for part in bill["components"]}
    assert {"faust-streaming", "aiokafka", "redis"} <= packages
    assert not packages & {"pytest", "cyclonedx-python-lib", "setuptools"}


def test_the_size_of_the_image(engine: Engine, record_property: Callable[[str, object], None]) -> None:
    megabytes = {
        name: engine.inspect(image)["Size"] / 1e6
        for name, image in (("image", SERVICES["worker"]["image"]), ("base", python_image()))
    }
    own = megabytes["image"] - megabytes["base"]
    record_property("MB over the base", round(own))
    print(f"\nimage {megabytes['image']:.0f} MB, of which its base {megabytes['base']:.0f} MB, ours {own:.0f} MB")  # noqa: T201
    assert own < 150


# --- a user's day ----------------------------------------------------------------------------------------------


def test_the_sample_comes_to_the_worked_example(project: Project) -> None:
    project.publish_sample()
    project.shows_all()
    best = {flow: week[1] for flow, week in project.figures().items()}
    assert {flow: best[flow] for flow in ("RU", "RU:GE", "RU:KZ", "RU:EU")} == {
        "RU": 217_000,
        "RU:GE": 53_000,
        "RU:KZ": 98_000,
        "RU:EU": 66_000,
    }
    refused = 'bordertally_reports_total{outcome="rejected"}'
    until(lambda: project.metric(refused), lambda count: count == 3, "three bad reports are refused, and counted")


def test_the_doctor_finds_the_set_up_sound(project: Project) -> None:
    said = project.engine.compose("run", "--rm", "--no-TTY", "worker", "doctor")
    assert "answers at kafka:9092" in said


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_the_board_shows_it(project: Project) -> None:
    browser = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=8000", "--dump-dom"]

    def page() -> str:
        done = subprocess.run(
            project.engine.inside([*browser, f"{GATEWAY}/"]), capture_output=True, text=True, timeout=120, check=True
        )
        return done.stdout

    shown = until(page, lambda text: "217,000" in text, "the board shows 217,000 people out of Russia")
    assert "2 open alerts" in shown


def test_prometheus_reaches_everything_and_can_work_out_every_rule(project: Project) -> None:
    def targets() -> dict[str, str]:
        active = project.json(f"{PROMETHEUS}/api/v1/targets")["data"]["activeTargets"]
        return {f"{target['labels']['job']} {target['labels']['instance']}": target["health"] for target in active}

    up = until(targets, lambda found: len(found) == 4 and set(found.values()) == {"up"}, "all four targets are up")
    jobs = sorted(name.split()[0] for name in up)
    assert jobs == ["bordertally", "bordertally", "bordertally-gateway", "prometheus"]

    def rules() -> list[dict[str, Any]]:
        groups = project.json(f"{PROMETHEUS}/api/v1/rules")["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    worked_out = until(rules, lambda found: all(rule["health"] == "ok" for rule in found), "every rule is evaluated")
    written = yaml.safe_load((TOP / "deploy" / "prometheus" / "rules.yml").read_text(encoding="utf-8"))
    expected = [rule.get("alert") or rule["record"] for group in written["groups"] for rule in group["rules"]]
    assert sorted(rule["name"] for rule in worked_out) == sorted(expected)
    firing = {rule["name"] for rule in worked_out if rule.get("state") == "firing"}
    assert not firing & {"BordertallyNoWorker", "BordertallyRedisDown", "BordertallyAlertmanagerDown"}


def test_alertmanager_has_the_alerts(project: Project) -> None:
    def alerts() -> set[str]:
        return {alert["labels"]["flow"] for alert in project.json(f"{ALERTMANAGER}/api/v2/alerts")}

    until(alerts, lambda flows: "RU:GE" in flows, "Alertmanager has the alert of RU:GE")


@pytest.mark.parametrize("service", RUNNING)
def test_a_container_may_do_nothing_that_it_need_not(project: Project, service: str) -> None:
    (container, *_) = project.containers(service)
    shell = "grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs)' /proc/1/status; touch /x 2>&1; true"
    said = project.engine.docker("exec", container, "sh", "-c", shell)
    status = dict(re.findall(r"^(\w+):\s+(\S+)", said, re.MULTILINE))
    assert status["Uid"] != "0"
    assert {int(status[name], 16) for name in ("CapEff", "CapBnd")} == {0}
    assert status["NoNewPrivs"] == "1"
    assert "Read-only file system" in said
    if service in {"worker", "gateway"}:
        about = json.loads(project.engine.docker("exec", container, "python", "-c", IN_PROC))
        assert (about["uid"], about["gid"]) == (10001, 10001)
        assert about["places"].pop("/tmp") == "written"
        assert set(about["places"].values()) == {"Read-only file system"}


@pytest.mark.parametrize("service", RUNNING)
def test_a_container_stays_within_its_memory(project: Project, service: str) -> None:
    declared = SERVICES[service]["deploy"]["resources"]["limits"]["memory"]
    limit = int(declared[:-1]) * {"M": 2**20, "G": 2**30}[declared[-1]]
    for container in project.containers(service):
        assert project.engine.inspect(container)["HostConfig"]["Memory"] == limit
        line = project.engine.docker("stats", "--no-stream", "--format", "{{.MemUsage}} {{.CPUPerc}}", container)
        amount, unit, cpu = re.match(r"([\d.]+)(\w+) / \S+ (\S+)%", line).groups()  # type: ignore[union-attr]
        used = float(amount) * {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}[unit]
        print(f"\n{service}: {used / 2**20:.0f} of {limit / 2**20:.0f} MiB, {cpu} % of a core")  # noqa: T201
        assert used < 0.85 * limit
        assert not project.engine.inspect(container)["State"]["OOMKilled"]


# --- what goes wrong -------------------------------------------------------------------------------------------


def test_a_killed_worker_comes_back_and_nothing_is_lost(project: Project) -> None:
    first, second = project.containers("worker")
    kill = (
        "import os; [os.kill(int(p), 9) for p in os.listdir('/proc') if p.isdigit() and int(p) not in (1, os.getpid())]"
    )
    began = time.monotonic()
    with pytest.raises(EngineError):  # the one that kills is killed by the end of its container
        project.engine.docker("exec", first, "python", "-c", f"{kill}; import time; time.sleep(60)")
    project.publish(hourly(3))
    until(lambda: project.engine.inspect(first)["RestartCount"], lambda count: count >= 1, "it is started again")
    project.healthy()
    print(f"\nhealthy again after {time.monotonic() - began:.1f} s")  # noqa: T201
    project.shows_all()
    assert project.engine.inspect(second)["RestartCount"] == 0


def test_down_and_up_keep_everything(project: Project) -> None:
    before = project.figures()
    project.engine.compose("--profile", "demo", "down")
    assert not [container for service in SERVICES for container in project.containers(service)]
    began = time.monotonic()
    project.up()
    print(f"\nup and healthy after {time.monotonic() - began:.1f} s")  # noqa: T201
    assert until(project.figures, lambda found: found == before, "the figures are those of before") == before
    project.publish(hourly(5))
    project.shows_all()


def test_three_workers_share_the_work(project: Project) -> None:
    project.up("--scale", "worker=3")
    assert len(project.containers("worker")) == 3
    until(lambda: project.metric('up{job="bordertally"}'), lambda count: count == 3, "Prometheus watches three workers")
    project.publish(hourly(8))
    project.shows_all()


def test_a_worker_starts_within_two_seconds_of_a_processor(project: Project) -> None:
    """From the command to the first answer of /healthz; in CPU time, as other programs may keep the processors busy."""
    (container, *_) = project.containers("worker")
    port = environment(SERVICES["worker"])["BORDERTALLY_HTTP_PORT"]
    project.engine.docker("stop", container)
    began = time.monotonic()
    project.engine.docker("start", container)
    (network,) = project.engine.inspect(container)["NetworkSettings"]["Networks"].values()
    answer = f"http://{network['IPAddress']}:{port}/healthz"
    until(lambda: project.engine.get(answer), bool, "the worker answers")
    took = time.monotonic() - began
    ticks = project.engine.docker("exec", container, "python", "-c", TICKS).split()
    used = int(ticks[0]) / int(ticks[1])
    print(f"\nthe worker answers after {took:.1f} s, {used:.1f} s of a processor")  # noqa: T201
    assert used < 2
