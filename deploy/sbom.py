# ruff: noqa: INP001  # a script, no part of a package
"""Write the software bill of materials of bordertally (CycloneDX 1.6, JSON): `python deploy/sbom.py FILE`.

It lists what the image installs: every package that bordertally needs, directly or not, in the version of
constraints.txt, with its licence and what it needs itself. `make sbom` runs this in the environment for development,
which has all of them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
OURS = "bordertally"


class SbomError(Exception):
    """A package is not installed, or not in the pinned version."""


def pins(constraints: str) -> dict[str, str]:
    """The pinned versions by name, out of the text of a constraints file."""
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)$", constraints, re.MULTILINE))


def needed_by(name: str, extras: frozenset[str] = frozenset()) -> list[Requirement]:
    """What an installed package needs here, with some of its extras. Raises SbomError where it is not installed."""
    try:
        lines = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        raise SbomError(f"{name} is not installed: run make sbom") from None
    requirements = map(Requirement, lines)
    contexts = [{"extra": extra} for extra in ("", *extras)]
    return [entry for entry in requirements if entry.marker is None or any(map(entry.marker.evaluate, contexts))]


def bill(constraints: Mapping[str, str]) -> Bom:
    """The bill of what bordertally needs. Raises SbomError for a package in another version than the pinned one."""
    pinned = {canonicalize_name(name): version for name, version in constraints.items()}
    ours = Component(
        name=OURS,
        version=metadata.version(OURS),
        type=ComponentType.APPLICATION,
        bom_ref=OURS,
        licenses=_licences(OURS),
    )
    bom = Bom()
    bom.metadata.component = ours
    components: dict[str, Component] = {OURS: ours}
    edges: dict[str, set[str]] = {}
    todo: list[tuple[str, frozenset[str]]] = [(OURS, frozenset())]
    seen = set(todo)
    while todo:
        name, extras = todo.pop()
        for requirement in needed_by(name, extras):
            other = canonicalize_name(requirement.name)
            edges.setdefault(name, set()).add(other)
            if other not in components:
                components[other] = _component(other, pinned)
                bom.components.add(components[other])
            if (asked := (other, frozenset(requirement.extras))) not in seen:
                seen.add(asked)
                todo.append(asked)
    for name, component in components.items():
        bom.register_dependency(component, [components[other] for other in sorted(edges.get(name, ()))])
    return bom


def _component(name: str, pinned: Mapping[str, str]) -> Component:
    if name not in pinned:
        raise SbomError(f"{name} has no version in constraints.txt")
    version = pinned[name]
    needed_by(name)  # or the version could not be asked for
    if (installed := metadata.version(name)) != version:
        raise SbomError(f"{name} {installed} is installed, constraints.txt has {version}: run make sbom")
    url = PackageURL("pypi", None, name, version)
    return Component(name=name, version=version, purl=url, bom_ref=str(url), licenses=_licences(name))


def _licences(name: str) -> list[License]:
    """The licence that the metadata of a package states; none where it states none."""
    about = metadata.metadata(name)
    text = about.get("License-Expression") or about.get("License") or ""
    if not text or len(text.splitlines()) > 1:  # some packages have the whole text there
        named = [
            line.rpartition(" :: ")[2] for line in about.get_all("Classifier", []) if line.startswith("License ::")
        ]
        text = named[0] if named else ""
    return [LicenseFactory().make_from_string(text)] if text else []


def main(file: Path) -> int:
    """Write the bill to a file; returns the exit code."""
    try:
        bom = bill(pins((ROOT / "constraints.txt").read_text(encoding="utf-8")))
    except SbomError as error:
        sys.stderr.write(f"sbom: {error}\n")
        return 1
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(JsonV1Dot6(bom).output_as_string(indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"{file}: {len(bom.components)} packages\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
