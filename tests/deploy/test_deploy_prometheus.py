"""Prometheus' configuration and alerting rules: they name metrics that exist, and promtool's own tests pass."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from bordertally.streams.delivery.metrics import CATALOGUE
from bordertally.streams.topics import Topics

PROMETHEUS = Path(__file__).parents[2] / "deploy" / "prometheus"
COMPOSE = Path(__file__).parents[2] / "docker-compose.yml"
PROMTOOL = shutil.which("promtool")
METRICS = {metric.name: metric for metric in CATALOGUE}
GIVEN = {"job", "instance"}
"""Labels that Prometheus adds to whatever it scrapes."""


def load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((PROMETHEUS / name).read_text(encoding="utf-8"))
    return loaded


RULES: dict[str, dict[str, Any]] = {
    rule["alert"]: rule for group in load("rules.yml")["groups"] for rule in group["rules"] if "alert" in rule
}


RECORDED: dict[str, str] = {
    rule["record"]: rule["expr"] for group in load("rules.yml")["groups"] for rule in group["rules"] if "record" in rule
}
RUNBOOKS = Path(__file__).parents[2] / "docs" / "runbooks"


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: prometheus)")
@pytest.mark.parametrize(
    "command", [("check", "config", "prometheus.yml"), ("test", "rules", "rules_test.yml")], ids=" ".join
)
def test_promtool(command: tuple[str, ...]) -> None:
    done = subprocess.run([str(PROMTOOL), *command], cwd=PROMETHEUS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", RULES)
def test_rules_use_metrics_and_labels_that_exist(name: str) -> None:
    text = RULES[name]["expr"]
    used = set(re.findall(r"\b(?:bordertally_\w+|up)\b", re.sub(r'"[^"]*"', "", text)))
    assert used
    assert used <= {*METRICS, "up"}
    labels = GIVEN.union(*(METRICS[name].labels for name in used - {"up"}))
    assert set(re.findall(r"(\w+)\s*[=!]~?\s*\"", text)) <= labels
    for grouped in re.findall(r"\bby \(([^)]*)\)", text):
        assert {part.strip() for part in grouped.split(",")} <= labels
    shown = set(re.findall(r"\$labels\.(\w+)", " ".join(RULES[name]["annotations"].values())))
    assert shown <= labels


@pytest.mark.parametrize("name", RULES)
def test_rules_say_how_urgent_and_what_it_means(name: str) -> None:
    assert RULES[name]["labels"]["severity"] in {"page", "ticket"}
    assert {"summary", "description", "runbook"} <= set(RULES[name]["annotations"])


@pytest.mark.parametrize("name", RULES)
def test_every_alert_has_a_runbook(name: str) -> None:
    assert RULES[name]["annotations"]["runbook"] == f"docs/runbooks/{name}.md"
    text = (RUNBOOKS / f"{name}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {name}\n\n{RULES[name]['labels']['severity'].capitalize()}:")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["What it means", "Look at", "Do", "When it is over"]
    assert f"[{name}]({name}.md)" in (RUNBOOKS / "README.md").read_text(encoding="utf-8")


def test_every_runbook_is_of_an_alert() -> None:
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == {*RULES, "README"}


@pytest.mark.parametrize("name", RECORDED)
def test_recording_rules_use_metrics_that_exist_and_are_tested(name: str) -> None:
    used = set(re.findall(r"\bbordertally_\w+", re.sub(r'"[^"]*"', "", RECORDED[name])))
    histograms = {name.removesuffix("_bucket") for name in used}
    assert histograms
    assert histograms <= set(METRICS)
    expressions = [
        expression["expr"]
        for test in load("rules_test.yml")["tests"]
        for expression in test.get("promql_expr_test", [])
    ]
    assert any(expression.startswith(name) for expression in expressions)


@pytest.mark.parametrize("name", RULES)
def test_every_rule_is_tested_firing_and_silent(name: str) -> None:
    expected = [
        bool(case["exp_alerts"])
        for test in load("rules_test.yml")["tests"]
        for case in test.get("alert_rule_test", [])
        if case["alertname"] == name
    ]
    assert set(expected) == {True, False}


def test_tests_name_series_that_exist() -> None:
    topics = {*Topics().every_report, Topics().claims}
    for test in load("rules_test.yml")["tests"]:
        for series in test["input_series"]:
            name, _, inside = series["series"].partition("{")
            labels = dict(re.findall(r'(\w+)="([^"]*)"', inside))
            allowed = GIVEN | {"le"} if name.endswith("_bucket") else GIVEN
            assert set(labels) <= allowed.union(METRICS[name.removesuffix("_bucket")].labels if name != "up" else ())
            assert labels.get("topic", "claims") in topics


@pytest.mark.parametrize(
    ("job_name", "service", "port"),
    [
        ("bordertally", "worker", "BORDERTALLY_HTTP_PORT"),
        ("bordertally-gateway", "gateway", "BORDERTALLY_GATEWAY_PORT"),
    ],
)
def test_every_process_is_scraped_where_it_answers(job_name: str, service: str, port: str) -> None:
    (job,) = [config for config in load("prometheus.yml")["scrape_configs"] if config["job_name"] == job_name]
    (discovery,) = job["dns_sd_configs"]
    services = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
    assert (discovery["names"], discovery["type"]) == ([service], "A")
    assert discovery["port"] == services[service]["environment"][port]


def test_rule_files_are_mounted_beside_the_configuration() -> None:
    services = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
    mounted = {mount.split(":")[1] for mount in services["prometheus"]["volumes"]}
    for name in ["prometheus.yml", *load("prometheus.yml")["rule_files"]]:
        assert (PROMETHEUS / name).is_file()
        assert f"/etc/prometheus/{name}" in mounted
