# ruff: noqa: INP001  # a script, no part of a package
"""Write topics.yaml, users.yaml and rules.yaml of the base and the files of both config/, from what they are made of.

    .venv/bin/python deploy/k8s/generate.py

Topics and accounts come from streams/topics.py, with the numbers of partitions and copies that kustomization.yaml says;
rules from deploy/prometheus/rules.yml; files from where the other ways to deploy read them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from bordertally.streams.reports.sources import Topic
from bordertally.streams.topics import Topics

TOP = Path(__file__).parents[2]
BASE = Path(__file__).parent / "base"
CONFIG = TOP / "deploy" / "config"
"""What docker-compose.yml mounts."""
STRIMZI = "kafka.strimzi.io/v1"
PIPELINE = "bordertally"
CLUSTER = {"strimzi.io/cluster": "kafka"}
FILES = {
    "sources.toml": TOP / "agents" / "demo" / "sources.toml",
    "rules.toml": TOP / "agents" / "demo" / "rules.toml",
    "webhooks.toml": TOP / "deploy" / "webhooks" / "webhooks.toml",
}
REDIS = TOP / "deploy" / "redis" / "redis.conf"


def settings() -> dict[str, str]:
    """The settings that kustomization.yaml gives to workers and gateways."""
    document = yaml.safe_load((BASE / "kustomization.yaml").read_text(encoding="utf-8"))
    (one,) = [each for each in document["configMapGenerator"] if each["name"] == "bordertally-settings"]
    return dict(literal.split("=", 1) for literal in one["literals"])


def topics() -> list[dict[str, Any]]:
    """A KafkaTopic for each topic."""
    given = settings()
    specs = Topics().specs(int(given["BORDERTALLY_PARTITIONS"]), int(given["BORDERTALLY_REPLICATION"]))
    return [
        {
            "apiVersion": STRIMZI,
            "kind": "KafkaTopic",
            "metadata": {"name": one.name, "labels": CLUSTER, "annotations": {"bordertally/holds": one.meaning}},
            "spec": {
                "topicName": one.name,
                "partitions": one.partitions,
                "replicas": one.replication,
                "config": one.config,
            },
        }
        for one in specs
    ]


def users() -> list[dict[str, Any]]:
    """A KafkaUser for each class of producers, which may write to its topic only, and the pipeline's own."""
    producers = [
        user(f"producer-{kind.value}", [grant("topic", Topics().reports(kind), ["Describe", "Write"])])
        for kind in Topic
    ]
    ours = [grant("topic", one.name, ["Describe", "DescribeConfigs", "Read", "Write"]) for one in Topics().specs()]
    groups = grant("group", PIPELINE, ["Describe", "Read"], "prefix")
    epochs = [
        grant("transactionalId", f"{Topics().changelog(table)}-", ["Describe", "Write"], "prefix")
        for table in ("ledger", "alerts")
    ]
    return [*producers, user(PIPELINE, [*ours, groups, *epochs])]


def user(name: str, acls: list[dict[str, Any]]) -> dict[str, Any]:
    """A KafkaUser that may do what these say."""
    return {
        "apiVersion": STRIMZI,
        "kind": "KafkaUser",
        "metadata": {"name": name, "labels": CLUSTER},
        "spec": {
            "authentication": {"type": "scram-sha-512"},
            "authorization": {"type": "simple", "acls": acls},
        },
    }


def grant(kind: str, name: str, operations: list[str], pattern: str = "literal") -> dict[str, Any]:
    """What may be done with a topic or with consumer groups."""
    return {"resource": {"type": kind, "name": name, "patternType": pattern}, "operations": operations}


def rules() -> list[dict[str, Any]]:
    """The alerting and recording rules for the Prometheus Operator."""
    groups = yaml.safe_load((TOP / "deploy" / "prometheus" / "rules.yml").read_text(encoding="utf-8"))["groups"]
    return [
        {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "PrometheusRule",
            "metadata": {"name": "bordertally"},
            "spec": {"groups": groups},
        }
    ]


def generated() -> dict[Path, str]:
    """Path to text of every file that is made."""
    made = {"topics.yaml": topics(), "users.yaml": users(), "rules.yaml": rules()}
    head = "# Made by deploy/k8s/generate.py: change what it is made of, and run it.\n"
    texts = {BASE / name: head + yaml.safe_dump_all(each, sort_keys=False, width=120) for name, each in made.items()}
    copies = {folder / name: path for folder in (BASE / "config", CONFIG) for name, path in FILES.items()}
    copies[BASE / "config" / "redis.conf"] = REDIS
    return texts | {path: source.read_text(encoding="utf-8") for path, source in copies.items()}


if __name__ == "__main__":
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8")
