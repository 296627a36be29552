"""Topics and accounts as Strimzi reads them: its classes know every field, and each value comes back as written."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml
from composed import TOP
from strimzi import KINDS, complaints, why_no_strimzi

BASE = TOP / "deploy" / "k8s" / "base"
MISTAKES = (
    ("KafkaTopic", ("spec", "partition"), 3, 'Unrecognized field "partition"'),
    ("KafkaTopic", ("spec", "partitions"), "many", '"many": not a valid'),
    ("KafkaTopic", ("apiVersion",), "kafka.strimzi.io/v9", '"kafka.strimzi.io/v9" is read as'),
    ("KafkaUser", ("spec", "authentication", "type"), "scram", "Could not resolve type id 'scram'"),
    ("KafkaUser", ("spec", "authorization", "acls", 0, "operations"), ["Reed"], '"Reed" is read as null'),
    ("KafkaUser", ("spec", "authorization", "acls", 0, "resource", "patterntype"), "prefix", '"patterntype"'),
)


def resources() -> list[dict[str, Any]]:
    """Everything of Strimzi's in deploy/k8s."""
    every = [
        resource for path in sorted(BASE.glob("*.yaml")) for resource in yaml.safe_load_all(path.read_text("utf-8"))
    ]
    return [resource for resource in every if resource["apiVersion"].startswith("kafka.strimzi.io/")]


def changed(resource: dict[str, Any], path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    """A copy with one value in another's place."""
    made: dict[str, Any] = copy.deepcopy(resource)
    part: Any = made
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    return made


@pytest.mark.skipif(why_no_strimzi() is not None, reason=why_no_strimzi() or "")
def test_strimzi_reads_its_resources_and_finds_mistakes() -> None:
    every = resources()
    assert {resource["kind"] for resource in every} == set(KINDS)
    first = {kind: next(resource for resource in every if resource["kind"] == kind) for kind in KINDS}
    wrong = [changed(first[kind], path, value) for kind, path, value, _ in MISTAKES]
    results = complaints([*every, *wrong])
    assert results[: len(every)] == [None] * len(every)
    for complaint, (_, _, _, field) in zip(results[len(every) :], MISTAKES, strict=True):
        assert field in (complaint or "")
