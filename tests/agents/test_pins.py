"""What is installed is what was tested together: every dependency has its version in constraints.txt."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

PROJECT = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
OWN = "bordertally"


def named(requirement: str) -> str:
    """The name of a requirement, as package indexes compare it."""
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match, requirement
    return re.sub(r"[-_.]+", "-", match[0]).lower()


def pins() -> dict[str, str]:
    lines = Path("constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    assert all(len(pair) == 2 for pair in pairs), "one version each, name==version"
    return {named(name): version for name, version in pairs}


def test_every_dependency_is_pinned() -> None:
    asked = [
        *PROJECT["dependencies"],
        *(requirement for extra in PROJECT["optional-dependencies"].values() for requirement in extra),
    ]
    assert {named(requirement) for requirement in asked} - pins().keys() - {OWN} == set()


def needed_by(name: str) -> list[str] | None:
    """What an installed distribution needs without its extras; None for one that this machine has no need of."""
    try:
        return [named(requirement) for requirement in requires(name) or () if "extra ==" not in requirement]
    except PackageNotFoundError:
        return None


def test_what_the_dependencies_of_a_worker_need_is_pinned_too() -> None:
    todo, seen = [named(dependency) for dependency in PROJECT["dependencies"]], set[str]()
    while todo:
        name = todo.pop()
        if name not in seen and (needed := needed_by(name)) is not None:
            seen.add(name)
            todo += needed
    assert len(seen) > 20
    assert seen - pins().keys() == set()


def test_no_pin_names_a_place_to_get_it_from() -> None:
    lines = Path("constraints.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if "://" in line or line.startswith("-")] == []
