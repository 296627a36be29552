"""The compose file, the image and their settings hold together, as far as can be told without starting containers."""

from __future__ import annotations

import fnmatch
import re
from pathlib import Path

import pytest
from client import compose, why_no_compose
from composed import COMPOSE, SERVICES, TOP, VARIABLE, binds, dockerfile, document, environment, example, volumes

from bordertally.agents.gateway.guard import check_address
from bordertally.streams.delivery.tokens import Keys
from bordertally.streams.detection.rules_file import parse_rules
from bordertally.streams.reports.sources import parse_registry
from bordertally.streams.settings import Hop, documented, load_settings
from bordertally.streams.topics import BIGGEST

REGISTRY = TOP / "deploy" / "config" / "sources.toml"
OURS = ("topics", "worker", "gateway", "demo")


# --- compose ---------------------------------------------------------------------------------------------------


@pytest.mark.skipif(why_no_compose() is not None, reason=why_no_compose() or "")
@pytest.mark.parametrize("options", [[], ["--env-file", ".env.example"]])
def test_compose_itself_accepts_the_file(options: list[str]) -> None:
    done = compose(["-f", str(COMPOSE), *options, "--profile", "demo", "config", "--quiet"], TOP)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(why_no_compose() is not None, reason=why_no_compose() or "")
@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [("healthcheck:", "helthcheck:", "helthcheck"), ("condition: service_healthy", "condition: fine", "condition")],
)
def test_compose_finds_mistakes(tmp_path: Path, right: str, wrong: str, complaint: str) -> None:
    broken = tmp_path / "docker-compose.yml"
    broken.write_text(COMPOSE.read_text(encoding="utf-8").replace(right, wrong, 1), encoding="utf-8")
    done = compose(["-f", str(broken), "--project-directory", str(TOP), "config", "--quiet"], TOP)
    assert done.returncode != 0
    assert complaint in done.stderr


def test_services() -> None:
    assert set(SERVICES) == {
        "kafka",
        "redis",
        "topics",
        "worker",
        "gateway",
        "demo",
        "prometheus",
        "alertmanager",
        "grafana",
    }


@pytest.mark.parametrize("name", SERVICES)
def test_mounted_files_exist(name: str) -> None:
    for target, source in binds(SERVICES[name]).items():
        assert source.is_file() or (source.is_dir() and any(source.iterdir())), f"{source} for {target}"


@pytest.mark.parametrize("name", SERVICES)
def test_named_volumes_are_declared(name: str) -> None:
    assert set(volumes(SERVICES[name]).values()) <= set(document()["volumes"])


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned(name: str) -> None:
    _, _, tag = SERVICES[name]["image"].rpartition(":")
    assert re.match(r"v?\d+\.\d+\.\d+", tag), f"{SERVICES[name]['image']} is no exact version"


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_may_gain_privileges(name: str) -> None:
    assert "no-new-privileges:true" in SERVICES[name]["security_opt"]
    assert not SERVICES[name].get("privileged")


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_read_only_and_not_root(name: str) -> None:
    service = SERVICES[name]
    assert service["user"] not in {"root", "0"}
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]


@pytest.mark.parametrize("name", OURS)
def test_our_containers_may_write_to_tmp_only(name: str) -> None:
    assert SERVICES[name]["user"] == "10001:10001"
    assert SERVICES[name]["tmpfs"] == ["/tmp"]
    assert not volumes(SERVICES[name])


@pytest.mark.parametrize("name", ["kafka", "redis", "worker", "gateway", "prometheus", "alertmanager", "grafana"])
def test_what_keeps_running_has_a_health_check_and_limits(name: str) -> None:
    service = SERVICES[name]
    assert service["healthcheck"]["test"][0] == "CMD"
    assert {"cpus", "memory"} <= set(service["deploy"]["resources"]["limits"])
    assert service["restart"] in {"on-failure", "unless-stopped"}


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_published_on_this_machine_only(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


def test_workers_can_be_many() -> None:
    worker = SERVICES["worker"]
    assert "container_name" not in worker
    assert "ports" not in worker
    assert worker["deploy"]["replicas"] == 1


def test_worker_health_check_asks_where_the_worker_answers() -> None:
    worker = SERVICES["worker"]
    port = worker["environment"]["BORDERTALLY_HTTP_PORT"]
    assert any(f"http://127.0.0.1:{port}/healthz" in word for word in worker["healthcheck"]["test"])


def test_the_gateway_starts_with_its_settings_and_is_asked_where_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    service = SERVICES["gateway"]
    values = environment(service)
    assert set(values) - set(SERVICES["worker"]["environment"]) <= {name for name, _, _ in documented()}
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert service["command"] == ["gateway"]
    assert (settings.gateway_host, settings.public_read, settings.read_tokens) == ("0.0.0.0", True, ())
    check_address(settings, Keys(parse_registry(REGISTRY.read_text(encoding="utf-8"), "sources.toml")))
    (port,) = service["ports"]
    assert port.endswith(f":{settings.gateway_port}")
    address = f"http://127.0.0.1:{settings.gateway_port}/healthz"
    assert any(address in word for word in service["healthcheck"]["test"])


def test_redis_has_a_password_that_all_of_ours_know() -> None:
    redis = SERVICES["redis"]
    password = environment(redis)["REDISCLI_AUTH"]
    assert password
    assert redis["command"][-2:] == ["--requirepass", password]
    for name in ("worker", "gateway"):
        assert environment(SERVICES[name])["BORDERTALLY_REDIS_PASSWORD"] == password


def test_order_of_start() -> None:
    assert SERVICES["topics"]["depends_on"]["kafka"]["condition"] == "service_healthy"
    assert SERVICES["worker"]["depends_on"]["topics"]["condition"] == "service_completed_successfully"
    for service in SERVICES.values():
        for name, need in service.get("depends_on", {}).items():
            assert name in SERVICES
            if need["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[name]


def test_kafka_takes_the_biggest_message_and_makes_no_topics_by_itself() -> None:
    values = environment(SERVICES["kafka"])
    assert values["KAFKA_MESSAGE_MAX_BYTES"] == str(BIGGEST)
    assert values["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


def test_demo_runs_only_when_asked_and_publishes_what_is_mounted() -> None:
    demo = SERVICES["demo"]
    assert demo["profiles"] == ["demo"]
    mounted = binds(demo)
    for path in (Path(word) for word in demo["command"] if word.startswith("/")):
        within = [
            source / path.relative_to(target) for target, source in mounted.items() if path.is_relative_to(target)
        ]
        assert any(source.is_file() for source in within), path
    assert [name for name, service in SERVICES.items() if service.get("profiles")] == ["demo"]


# --- settings --------------------------------------------------------------------------------------------------


def test_variables_are_documented_with_the_defaults_in_force() -> None:
    used = {match[1]: match[2] for match in VARIABLE.finditer(COMPOSE.read_text(encoding="utf-8"))}
    assert used == example()


def test_every_setting_of_a_worker_exists_and_is_documented() -> None:
    text = (TOP / ".env.example").read_text(encoding="utf-8")
    known = {name for name, _, _ in documented()}
    for name in SERVICES["worker"]["environment"]:
        assert name in known, name
        assert name in text, name


def test_worker_accepts_its_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(SERVICES["worker"]).items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.hops == tuple(Hop)
    assert (settings.http_host, settings.http_port) == ("0.0.0.0", 6066)
    assert (settings.partitions, settings.replication) == (8, 1)
    (folder,) = binds(SERVICES["worker"])
    for path in (settings.sources, settings.rules, settings.webhooks):
        assert path is not None
        assert str(path.parent) == folder  # a folder: an editor may replace a file of it
    assert settings.alertmanager_url == "http://alertmanager:9093"


def test_mounted_registry_and_rules_can_be_read() -> None:
    folder = binds(SERVICES["worker"])["/etc/bordertally"]
    assert folder == binds(SERVICES["gateway"])["/etc/bordertally"]
    registry, rules = folder / "sources.toml", folder / "rules.toml"
    assert parse_registry(registry.read_text(encoding="utf-8"), str(registry)).sources
    parse_rules(rules.read_text(encoding="utf-8"), str(rules))


# --- the image -------------------------------------------------------------------------------------------------


def test_image_is_built_in_stages_on_a_pinned_python() -> None:
    bases = [rest for word, rest in dockerfile() if word == "FROM"]
    assert len(bases) == 2
    assert all(re.match(r"python:3\.\d+\.\d+-slim-\w+", base) for base in bases)


def test_image_does_not_run_as_root() -> None:
    (user,) = [rest for word, rest in dockerfile() if word == "USER"]
    assert user == SERVICES["worker"]["user"]
    assert ("ENTRYPOINT", '["bordertally"]') in dockerfile()


def test_what_the_image_copies_exists_and_is_let_through() -> None:
    ignored = (TOP / ".dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = [line[1:] for line in ignored if line.startswith("!")]
    assert "*" in ignored
    for word, rest in dockerfile():
        if word == "COPY" and not rest.startswith("--from"):
            *sources, _ = rest.split()
            for source in sources:
                assert any(fnmatch.fnmatch(pattern, source) for pattern in allowed), source
                assert "[" in source or (TOP / source).exists(), source
