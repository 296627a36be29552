"""The wheel on every Python that the project is for, as far as they are on this machine: all come to the same figures.

`make pythons` (PYTHONS=every) also runs the unit tests on each, and includes the Python that `make test` runs on.
"""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "agents" / "demo" / "sample.ndjson"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EVERY = os.environ.get("PYTHONS") == "every"
THIS = f"{sys.version_info.major}.{sys.version_info.minor}"
PREFIX = "Programming Language :: Python :: "
VERSIONS = [
    classifier.removeprefix(PREFIX) for classifier in PROJECT["classifiers"] if classifier.startswith(f"{PREFIX}3.")
]
cause_of = runpy.run_path(str(ROOT / "deploy" / "install.py"))["cause_of"]


def run(*command: str | Path, at: Path) -> subprocess.CompletedProcess[str]:
    """Run a command that is not to find the clone by a variable or by where it is run."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    return subprocess.run(command, capture_output=True, text=True, timeout=1700, check=False, cwd=at, env=environment)


def python(version: str) -> Path | None:
    """The interpreter of a version on PATH or among those of pyenv; None when there is none that runs."""
    on_path = shutil.which(f"python{version}")
    own = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python{version}"), reverse=True)
    for place in [*([Path(on_path)] if on_path else []), *own]:
        installed_version = run(place, "-c", "import venv, sys; print(*sys.version_info[:2], sep='.')", at=ROOT).stdout
        if installed_version.strip() == version:
            return place
    return None


def installed(interpreter: Path, folder: Path, packages: Sequence[str | Path]) -> Path:
    """The programs of a fresh environment with these packages; skips where no package index answers."""
    assert run(interpreter, "-m", "venv", "--without-pip", folder / "venv", at=folder).returncode == 0
    programs = folder / "venv" / "bin"
    pip = (sys.executable, "-m", "pip", "--python", programs / "python", "install", "--quiet", "--no-compile")
    done = run(*pip, "--constraint", ROOT / "constraints.txt", *packages, at=folder)
    if done.returncode:
        why: str = cause_of(done.stdout + done.stderr)
        if why.startswith("the package index cannot be reached"):
            pytest.skip(f"{interpreter}: {why}")
        pytest.fail(done.stdout + done.stderr)
    return programs


@cache
def figures() -> str:
    """What the sample comes to on the Python of this run."""
    done = run(sys.executable, "-m", "bordertally.agents.cli.main", "replay", SAMPLE, "--json", at=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_pythons_that_the_project_is_for_are_those_that_it_requires() -> None:
    assert VERSIONS == ["3.11", "3.12", "3.13"]
    assert PROJECT["requires-python"] == f">={VERSIONS[0]}"


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("version", VERSIONS)
def test_the_wheel_comes_to_the_same_figures_on_every_python(
    version: str, archives: tuple[Path, Path], tmp_path: Path
) -> None:
    if version == THIS and not EVERY:
        pytest.skip(f"Python {version} runs all other tests; make pythons includes it")
    if version != VERSIONS[-1] and not EVERY:
        pytest.skip("make test takes the newest Python; make pythons takes all")
    interpreter = python(version)
    if interpreter is None:
        pytest.skip(f"there is no Python {version} on PATH or in ~/.pyenv/versions")
    wheel = archives[1]
    programs = installed(interpreter, tmp_path, [f"{wheel}[dev]" if EVERY else wheel])
    assert run(programs / "bordertally", "--version", at=tmp_path).stdout == f"bordertally {PROJECT['version']}\n"
    replayed = run(programs / "bordertally", "replay", SAMPLE, "--json", at=tmp_path)
    assert replayed.returncode == 0
    notices = replayed.stderr.splitlines()
    assert all(line.startswith("replay: ") for line in notices), notices
    assert replayed.stdout == figures()
    if EVERY:
        tested = run(programs / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/unit", at=ROOT)
        assert tested.returncode == 0, tested.stdout
