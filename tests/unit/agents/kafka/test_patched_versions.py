"""A worker starts only with the versions of Faust and aiokafka that the patches were written for."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

from bordertally.agents.cli.running import work
from bordertally.agents.kafka import patched_versions
from bordertally.agents.kafka.patched_versions import PATCHED, check_patched
from bordertally.streams.errors import ConfigError


def test_the_installed_versions_are_those() -> None:
    check_patched()


@pytest.mark.parametrize("name", PATCHED)
def test_another_version_is_refused_with_what_to_install(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_patched(lambda asked: "99.1" if asked == name else PATCHED[asked])
    assert str(caught.value) == (
        f"{name} 99.1 is installed, but this release replaces internals of {name} {PATCHED[name]}; "
        f"install it with: pip install {name}=={PATCHED[name]}"
    )


def test_a_worker_looks_before_it_imports_what_is_patched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patched_versions, "PATCHED", {"aiokafka": "0.1"})
    monkeypatch.setitem(sys.modules, "bordertally.agents.worker.run", None)  # an import of it would raise
    with pytest.raises(ConfigError, match=r"internals of aiokafka 0\.1"):
        work()


def test_pip_installs_no_others() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {
        line.split("==")[0].partition("[")[0]: line.split("==")[1] for line in project["dependencies"] if "==" in line
    }
    assert asked == PATCHED
    pins = Path("constraints.txt").read_text(encoding="utf-8").splitlines()
    assert {f"{name}=={version}" for name, version in PATCHED.items()} <= set(pins)
