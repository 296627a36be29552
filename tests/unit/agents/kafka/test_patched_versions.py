"""A worker starts only with the versions and sources of Faust, mode and aiokafka that the patches were written for."""

from __future__ import annotations

import sys
import tomllib
from inspect import isfunction
from pathlib import Path
from typing import Any

import pytest

from bordertally.agents.cli.running import work
from bordertally.agents.hops.durable_table import DurableTable, PromptTables
from bordertally.agents.kafka import patched_versions
from bordertally.agents.kafka.decompression import LimitedRecords, LimitedResult
from bordertally.agents.kafka.faust_consumer import Bundle, GaplessConsumer, NoThread
from bordertally.agents.kafka.patched_versions import PATCHED, Patched, check_patched, installed_source
from bordertally.agents.worker.run import Runner
from bordertally.agents.worker.worker import NoWeb, QuietMonitor, Worker
from bordertally.streams.errors import ConfigError

SOURCES = [(package, file) for package, patched in PATCHED.items() for file in patched.sources]
CLASSES: tuple[type[Any], ...] = (Bundle, DurableTable, GaplessConsumer, LimitedRecords, LimitedResult, NoThread, NoWeb)
CLASSES += (PromptTables, QuietMonitor, Runner, Worker)


def test_the_installed_versions_are_those() -> None:
    check_patched()


@pytest.mark.parametrize("name", PATCHED)
def test_another_version_is_refused_with_what_to_install(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_patched(lambda asked: "99.1" if asked == name else PATCHED[asked].version)
    pinned = PATCHED[name].version
    assert str(caught.value) == (
        f"{name} 99.1 is installed, but this release replaces internals of {name} {pinned}; "
        f"install it with: pip install {name}=={pinned}"
    )


@pytest.mark.parametrize(("package", "changed"), SOURCES)
def test_a_changed_source_of_the_right_version_is_refused(package: str, changed: str) -> None:
    def source(asked: str, file: str) -> bytes:
        return installed_source(asked, file) + b" " * (file == changed)

    with pytest.raises(ConfigError) as caught:
        check_patched(source=source)
    pinned = PATCHED[package].version
    assert str(caught.value) == (
        f"{changed} is not that of {package} {pinned}, whose internals this release replaces; "
        f"install it anew with: pip install --force-reinstall --no-deps {package}=={pinned}"
    )


def test_a_missing_source_is_refused() -> None:
    def source(*_: str) -> bytes:
        raise FileNotFoundError

    with pytest.raises(ConfigError, match="is missing from faust-streaming"):
        check_patched(source=source)


def replaced(kind: type[Any]) -> set[str]:
    """The files of other packages in which something stands that a class of bordertally replaces."""
    files, order = set(), kind.__mro__
    for at, base in enumerate(order):
        if base.__module__.startswith("bordertally"):
            for name, value in vars(base).items():
                origin = next((other for other in order[at + 1 :] if name in vars(other)), object)
                own = not name.startswith("_abc") and (isfunction(value) or not name.startswith("__"))
                if own and name != "logger" and origin.__module__.split(".")[0] in ("faust", "mode", "aiokafka"):
                    files.add(f"{origin.__module__.replace('.', '/')}.py")
    return files


@pytest.mark.parametrize("kind", CLASSES)
def test_every_replaced_method_stands_in_a_source_that_is_checked(kind: type[Any]) -> None:
    files = replaced(kind)
    assert files
    assert files <= {file for _, file in SOURCES}


def test_a_worker_looks_before_it_imports_what_is_patched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patched_versions, "PATCHED", {"aiokafka": Patched("0.1", {})})
    monkeypatch.setitem(sys.modules, "bordertally.agents.worker.run", None)  # an import of it would raise
    with pytest.raises(ConfigError, match=r"internals of aiokafka 0\.1"):
        work()


def test_pip_installs_no_others() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {
        line.split("==")[0].partition("[")[0]: line.split("==")[1] for line in project["dependencies"] if "==" in line
    }
    wanted = {name: patched.version for name, patched in PATCHED.items()}
    assert asked == wanted
    pins = Path("constraints.txt").read_text(encoding="utf-8").splitlines()
    assert {f"{name}=={version}" for name, version in wanted.items()} <= set(pins)
