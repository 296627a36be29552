"""What `kubectl kustomize deploy/k8s/base` makes: Kubernetes' own schemas, and that all of it fits together and to us.

The schemas come with `kubernetes-validate`, and those of KEDA and the Prometheus Operator with npm packages. Strimzi's
resources are read by its own classes in test_deploy_strimzi.py; here, the parts of them that name something of ours.
"""

from __future__ import annotations

import json
import re
import runpy
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from composed import SERVICES, TOP, dockerfile
from models import KINDS, complaints, why_no_models

from bordertally.agents.gateway.guard import check_address
from bordertally.agents.kafka.fencing import Fenced
from bordertally.agents.worker.worker import group_of
from bordertally.streams.delivery.tokens import Keys, digest_of
from bordertally.streams.errors import ConfigError
from bordertally.streams.reports.sources import parse_registry
from bordertally.streams.settings import Hop, documented, load_settings
from bordertally.streams.topics import Topics

BASE = TOP / "deploy" / "k8s" / "base"
MANAGED = TOP / "deploy" / "k8s" / "managed-kafka"
KUBECTL = shutil.which("kubectl")
VERSIONS = ("1.30", "1.33", "1.36")
FOREIGN = {"KafkaTopic", "KafkaUser", "ScaledObject", "ServiceMonitor", "PrometheusRule"}


def why_no_kustomize() -> str | None:
    """What is missing, or None; Debian's own kubectl is too old for it."""
    if KUBECTL is None:
        return "kubectl is not installed: 1.27 or newer is needed"
    asked = subprocess.run([KUBECTL, "version", "--client", "--output=json"], capture_output=True, check=False)
    version = json.loads(asked.stdout or "{}").get("kustomizeVersion", "none")
    return None if re.match(r"v([5-9]|\d\d)\.", version) else f"kubectl has kustomize {version}: 5 or newer is needed"


WHY = why_no_kustomize()
pytestmark = pytest.mark.skipif(WHY is not None, reason=WHY or "")


@cache
def made(folder: Path = BASE) -> list[dict[str, Any]]:
    done = subprocess.run([str(KUBECTL), "kustomize", str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def of(kind: str) -> dict[str, dict[str, Any]]:
    """Resources of a kind by name."""
    return {resource["metadata"]["name"]: resource for resource in made() if resource["kind"] == kind}


def workloads() -> dict[str, dict[str, Any]]:
    return of("Deployment") | of("StatefulSet")


def container(name: str) -> dict[str, Any]:
    (container,) = workloads()[name]["spec"]["template"]["spec"]["containers"]
    spec: dict[str, Any] = container
    return spec


def settings() -> dict[str, str]:
    (config,) = [each for name, each in of("ConfigMap").items() if name.startswith("bordertally-settings-")]
    data: dict[str, str] = config["data"]
    return data


def selected(selector: dict[str, str]) -> set[str]:
    """Workloads whose pods a selector means."""
    return {
        name
        for name, workload in workloads().items()
        if selector.items() <= workload["spec"]["template"]["metadata"]["labels"].items()
    }


def references(part: Any) -> Iterator[str]:
    """The ConfigMaps that a part of a workload names."""
    if isinstance(part, dict):
        for key in ("configMap", "configMapRef"):
            if key in part:
                yield part[key]["name"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


# --- Kubernetes' own -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_accepts_what_is_its_own(version: str) -> None:
    own = [resource for resource in made() if resource["kind"] not in FOREIGN]
    assert len(own) == len(made()) - len([resource for resource in made() if resource["kind"] in FOREIGN]) > 10
    for document in own:
        kubernetes_validate.validate(document, version, strict=True)


def test_the_schemas_find_mistakes() -> None:
    wrong = yaml.safe_load(yaml.safe_dump(workloads()["gateway"]))
    wrong["spec"]["replica"] = 2
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[0], strict=True)


@pytest.mark.skipif(why_no_models() is not None, reason=why_no_models() or "")
def test_keda_and_the_prometheus_operator_accept_what_is_theirs() -> None:
    theirs = [resource for resource in made() if resource["kind"] in KINDS]
    assert {resource["kind"] for resource in theirs} == set(KINDS)
    wrong = {kind: yaml.safe_load(yaml.safe_dump(next(iter(of(kind).values())))) for kind in KINDS}
    wrong["PrometheusRule"]["spec"]["groups"][0]["rules"][0].pop("expr")
    wrong["ScaledObject"]["spec"]["minReplicaCount"] = "two"
    wrong["ServiceMonitor"]["spec"]["endpoints"][0]["interval"] = 15
    results = complaints([*theirs, *(wrong[kind] for kind in KINDS)])
    assert results[: len(theirs)] == [None] * len(theirs)
    for complaint, field in zip(results[len(theirs) :], ("expr", "minReplicaCount", "interval"), strict=True):
        assert field in (complaint or "")


def test_everything_lies_in_one_namespace() -> None:
    assert {resource["metadata"].get("namespace", "bordertally") for resource in made()} == {"bordertally"}
    assert set(of("Namespace")) == {"bordertally"}


def test_what_workloads_name_is_there() -> None:
    assert {name for workload in workloads().values() for name in references(workload)} == set(of("ConfigMap"))


@pytest.mark.parametrize("name", ["worker", "gateway", "redis"])
def test_containers_may_do_nothing_they_need_not(name: str) -> None:
    pod = workloads()[name]["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    spec = container(name)
    wanted = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    assert spec["securityContext"] == wanted
    assert {"cpu", "memory"} <= set(spec["resources"]["requests"])
    assert "memory" in spec["resources"]["limits"]
    assert {"livenessProbe", "readinessProbe"} <= set(spec)


@pytest.mark.parametrize("name", ["worker", "gateway"])
def test_containers_are_those_of_compose(name: str) -> None:
    spec = container(name)
    assert spec["args"] == SERVICES[name]["command"]
    assert spec["image"] == SERVICES[name]["image"]
    user = workloads()[name]["spec"]["template"]["spec"]["securityContext"]
    assert ("USER", f"{user['runAsUser']}:{user['runAsGroup']}") in dockerfile()
    (port,) = spec["ports"]
    assert (
        str(port["containerPort"])
        == settings()[{"worker": "BORDERTALLY_HTTP_PORT"}.get(name, "BORDERTALLY_GATEWAY_PORT")]
    )
    assert spec["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": port["name"]}
    assert spec["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": port["name"]}


def test_services_reach_one_workload_each() -> None:
    for name, service in of("Service").items():
        assert selected(service["spec"]["selector"]) == {name}
        ports = {port["name"] for port in container(name)["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    assert workloads()["worker"]["spec"]["serviceName"] in of("Service")


def test_redis_has_a_password_that_workers_and_gateways_know() -> None:
    (variable,) = container("redis")["env"]
    secret = variable["valueFrom"]["secretKeyRef"]
    assert container("redis")["command"][-2:] == ["--requirepass", f"$({variable['name']})"]
    assert variable["name"] == "REDISCLI_AUTH"  # as redis-cli reads it in the probes
    assert secret["key"] in {name for name, _, _ in documented()}
    for name in ("worker", "gateway"):
        assert {"secretRef": {"name": secret["name"]}} in container(name)["envFrom"]
    assert f"secret generic {secret['name']} --from-literal={secret['key']}=" in (TOP / "docs/deploy.md").read_text()


def test_only_workers_and_gateways_reach_redis() -> None:
    policies = {name: policy["spec"] for name, policy in of("NetworkPolicy").items()}
    assert {name: selected(spec["podSelector"]["matchLabels"]) for name, spec in policies.items()} == {
        name: {name} for name in workloads()
    }
    for name, spec in policies.items():
        (rule,) = spec["ingress"]
        ports = {port["name"] for port in container(name)["ports"]}
        assert {port["port"] for port in rule["ports"]} <= ports
    peers = [peer["podSelector"]["matchLabels"] for peer in policies["redis"]["ingress"][0]["from"]]
    assert [selected(peer) for peer in peers] == [{"worker"}, {"gateway"}]


def test_nodes_can_be_emptied_without_losing_all() -> None:
    for name, budget in of("PodDisruptionBudget").items():
        assert selected(budget["spec"]["selector"]["matchLabels"]) == {name}
    assert set(of("PodDisruptionBudget")) == {"worker", "gateway"}


def test_the_overlay_of_the_docs_can_be_made(tmp_path: Path) -> None:
    page = (TOP / "docs" / "deploy.md").read_text(encoding="utf-8")
    (overlay,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    shutil.copytree(BASE, tmp_path / "base")
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "kustomization.yaml").write_text(overlay)
    for name in ("sources.toml", "rules.toml"):
        (tmp_path / "ours" / name).write_text("# ours\n")
    done = subprocess.run(
        [str(KUBECTL), "kustomize", str(tmp_path / "ours")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    ours = list(yaml.safe_load_all(done.stdout))
    assert len(ours) == len(made())
    (files,) = [resource["data"] for resource in ours if resource["metadata"]["name"].startswith("bordertally-files-")]
    assert files["sources.toml"] == "# ours\n"
    assert "webhooks.toml" in files
    assert "image: registry.example.org/bordertally:0.1.0" in done.stdout


# --- on a Kafka of somebody else -------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_accepts_the_overlay_for_a_managed_kafka(version: str) -> None:
    own = [resource for resource in made(MANAGED) if resource["kind"] not in {*FOREIGN, "TriggerAuthentication"}]
    assert len(own) > 10
    for document in own:
        kubernetes_validate.validate(document, version, strict=True)


@pytest.mark.skipif(why_no_models() is not None, reason=why_no_models() or "")
def test_keda_accepts_what_the_overlay_asks_of_it() -> None:
    theirs = [resource for resource in made(MANAGED) if resource["kind"] in KINDS]
    assert complaints(theirs) == [None] * len(theirs)


def test_the_overlay_needs_no_strimzi_and_makes_its_topics_by_the_command() -> None:
    kinds = {resource["kind"] for resource in made(MANAGED)}
    assert kinds == {resource["kind"] for resource in made()} - {"KafkaTopic", "KafkaUser"} | {
        "Job",
        "TriggerAuthentication",
    }
    (job,) = [resource for resource in made(MANAGED) if resource["kind"] == "Job"]
    (spec,) = job["spec"]["template"]["spec"]["containers"]
    assert spec["args"] == SERVICES["topics"]["command"]
    assert spec["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    (settings_map,) = [
        resource["metadata"]["name"]
        for resource in made(MANAGED)
        if resource["metadata"]["name"].startswith("bordertally-settings-")
    ]
    assert {"configMapRef": {"name": settings_map}} in spec["envFrom"]


def test_the_overlay_names_brokers_and_secret_once() -> None:
    (overlaid,) = [resource["data"] for resource in made(MANAGED) if "BORDERTALLY_BROKERS" in resource.get("data", {})]
    (scaled,) = [resource["spec"] for resource in made(MANAGED) if resource["kind"] == "ScaledObject"]
    (authentication,) = [resource for resource in made(MANAGED) if resource["kind"] == "TriggerAuthentication"]
    assert len(scaled["triggers"]) == len(of("ScaledObject")["worker"]["spec"]["triggers"])
    for trigger in scaled["triggers"]:
        assert trigger["metadata"]["bootstrapServers"] == overlaid["BORDERTALLY_BROKERS"]
        assert (trigger["metadata"]["sasl"], trigger["metadata"]["tls"]) == ("scram_sha512", "enable")
        assert trigger["authenticationRef"] == {"name": authentication["metadata"]["name"]}
    secret = {entry["name"] for entry in authentication["spec"]["secretTargetRef"]}
    keys = {entry["key"] for entry in authentication["spec"]["secretTargetRef"]}
    (name,) = secret
    page = (TOP / "docs" / "deploy.md").read_text(encoding="utf-8")
    command = page.partition(f"secret generic {name} ")[2].partition("\nkubectl")[0]
    assert set(re.findall(r"--from-(?:literal|file)=([\w.]+)=", command)) == keys


# --- settings --------------------------------------------------------------------------------------------------


def test_settings_exist_and_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    given = settings()
    assert set(given) <= {name for name, _, _ in documented()}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    loaded = load_settings()
    assert loaded.hops == tuple(Hop)
    files = of("ConfigMap")
    (contents,) = [file["data"] for name, file in files.items() if name.startswith("bordertally-files-")]
    mounted = {mount["mountPath"] for mount in container("worker")["volumeMounts"] if mount["name"] == "files"}
    for path in (loaded.sources, loaded.rules, loaded.webhooks):
        assert path is not None
        assert str(path.parent) in mounted
        assert path.name in contents
    assert loaded.redis_url.split("//")[1].split(":")[0] in of("Service")
    # The gateway beyond loopback does not start without tokens; the Secret brings them.
    registry = parse_registry(contents["sources.toml"], "sources.toml")
    with pytest.raises(ConfigError, match="an address other than loopback needs BORDERTALLY_READ_TOKENS"):
        check_address(loaded, Keys(registry))
    check_address(loaded, Keys(registry, [digest_of("a token")]))
    assert {"secretRef": {"name": "bordertally-tokens"}} in container("gateway")["envFrom"]


# --- resources of others -----------------------------------------------------------------------------------------


def test_generated_files_are_current() -> None:
    generated: dict[Path, str] = runpy.run_path(str(BASE.parent / "generate.py"))["generated"]()
    assert len(generated) == 10
    for path, text in generated.items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run deploy/k8s/generate.py"


def test_topics_are_those_of_the_code() -> None:
    given = settings()
    specs = Topics().specs(int(given["BORDERTALLY_PARTITIONS"]), int(given["BORDERTALLY_REPLICATION"]))
    assert set(of("KafkaTopic")) == {spec.name for spec in specs}
    for spec_of_topic in specs:
        spec = of("KafkaTopic")[spec_of_topic.name]["spec"]
        assert (spec["topicName"], spec["partitions"], spec["replicas"]) == (
            spec_of_topic.name,
            spec_of_topic.partitions,
            spec_of_topic.replication,
        )
        assert spec_of_topic.config.items() <= spec["config"].items()


def test_producers_may_write_to_their_topic_only() -> None:
    topics = []
    for name, user in of("KafkaUser").items():
        if name.startswith("producer-"):
            (rule,) = user["spec"]["authorization"]["acls"]
            assert rule["operations"] == ["Describe", "Write"]
            topics.append(rule["resource"]["name"])
    assert sorted(topics) == sorted(Topics().every_report)


def test_the_pipeline_may_use_its_topics_and_groups() -> None:
    acls = of("KafkaUser")["bordertally"]["spec"]["authorization"]["acls"]
    granted = {(acl["resource"]["type"], acl["resource"]["name"]): acl for acl in acls}
    group = granted.pop(("group", load_settings().app_id))
    assert (group["resource"]["patternType"], group["operations"]) == ("prefix", ["Describe", "Read"])
    for table in ("ledger", "alerts"):
        epochs = granted.pop(("transactionalId", Fenced(Topics().changelog(table), 3).name.removesuffix("3")))
        assert (epochs["resource"]["patternType"], epochs["operations"]) == ("prefix", ["Describe", "Write"])
    assert set(granted) == {("topic", spec.name) for spec in Topics().specs()}
    assert {tuple(acl["operations"]) for acl in granted.values()} == {("Describe", "DescribeConfigs", "Read", "Write")}


def test_scaling_looks_at_groups_and_topics_that_exist() -> None:
    spec = of("ScaledObject")["worker"]["spec"]
    target = spec["scaleTargetRef"]
    assert workloads()[target["name"]]["kind"] == target["kind"]
    assert "replicas" not in workloads()[target["name"]]["spec"], "whoever applies this would undo the scaling"
    assert spec["minReplicaCount"] <= spec["maxReplicaCount"] <= int(settings()["BORDERTALLY_PARTITIONS"])
    ledger = group_of(load_settings())
    wanted = dict.fromkeys(Topics().every_report, f"{ledger}-{Hop.INTAKE.value}") | {Topics().claims: ledger}
    assert {
        trigger["metadata"]["topic"]: trigger["metadata"]["consumerGroup"] for trigger in spec["triggers"]
    } == wanted
    for scaled in spec["triggers"]:
        assert scaled["metadata"]["bootstrapServers"] == settings()["BORDERTALLY_BROKERS"]
        assert all(isinstance(value, str) for value in scaled["metadata"].values())


def scraped(monitor: dict[str, Any]) -> dict[str, Any]:
    """The Service that a ServiceMonitor means; its endpoints are ports of it."""
    wanted = monitor["spec"]["selector"]["matchLabels"].items()
    (service,) = [service_ for service_ in of("Service").values() if wanted <= service_["metadata"]["labels"].items()]
    assert [port["port"] for port in monitor["spec"]["endpoints"]] == [
        port["name"] for port in service["spec"]["ports"]
    ]
    assert {endpoint["path"] for endpoint in monitor["spec"]["endpoints"]} == {"/metrics"}
    return service


def test_workers_are_scraped_under_the_job_of_the_rules() -> None:
    monitor = of("ServiceMonitor")["worker"]
    assert scraped(monitor)["metadata"]["labels"][monitor["spec"]["jobLabel"]] == "bordertally"
    rules = yaml.safe_load((TOP / "deploy" / "prometheus" / "rules.yml").read_text(encoding="utf-8"))
    assert of("PrometheusRule")["bordertally"]["spec"]["groups"] == rules["groups"]


def test_gateways_are_scraped_under_the_job_of_compose() -> None:
    monitor = of("ServiceMonitor")["gateway"]
    assert scraped(monitor)["metadata"]["name"] == "gateway"
    (endpoint,) = monitor["spec"]["endpoints"]
    config = yaml.safe_load((TOP / "deploy" / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    (job,) = [config["job_name"] for config in config["scrape_configs"] if "gateway" in config["job_name"]]
    assert endpoint["relabelings"] == [{"targetLabel": "job", "replacement": job}]
