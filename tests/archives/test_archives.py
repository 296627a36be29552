"""What is handed on: the source archive, and the wheel that is built out of it."""

from __future__ import annotations

import configparser
import email
import email.message
import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("streams", "agents")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def files_of(folder: Path) -> set[str]:
    """Every file of a folder, by its path from the top of the project."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(ROOT)) for path in files if path.suffix != ".pyc" and not path.name.startswith(".")}


@pytest.fixture(scope="module")
def unpacked(archives: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(archives[1]) as wheel:
        wheel.extractall(place)
    return place


def metadata_of(unpacked: Path) -> Path:
    (folder,) = unpacked.glob("*.dist-info")
    return folder


def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(unpacked: Path) -> None:
    files = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}
    code = {name for name in files if not PurePosixPath(name).parts[0].endswith(".dist-info")}
    inside = set().union(*(files_of(ROOT / name) for name in PACKAGES))
    assert code == {f"bordertally/{name}" for name in (*inside, "__init__.py", "py.typed")}
    assert {
        *("streams/statements/tables/en.toml", "agents/demo/sample.ndjson"),
        *(
            "agents/demo/sources.toml",
            "agents/gateway/board/overview/index.html",
            "agents/gateway/board/overview/board.js",
        ),
        *("agents/servers/kafka-pom.xml", "agents/delivery/webhooks/hop.py"),
    } <= inside


def test_the_source_archive_holds_the_packages_and_what_tests_and_readers_need(archives: tuple[Path, Path]) -> None:
    with tarfile.open(archives[0]) as source:
        files = {
            str(PurePosixPath(member.name).relative_to(PurePosixPath(member.name).parts[0]))
            for member in source
            if member.isfile()
        }
    inside = set().union(*(files_of(ROOT / name) for name in PACKAGES))
    wanted = {f"src/bordertally/{name}" for name in inside} | inside
    wanted |= files_of(ROOT / "docs") | files_of(ROOT / "deploy")
    assert wanted - files == set()
    assert {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "constraints.txt", "Makefile"} <= files
    assert {"docker-compose.yml", ".env.example", "tests/conftest.py", "tests/series/hk.csv"} <= files
    assert [name for name in files if name.endswith(".pyc") or "_cache" in name] == []


def test_the_unpacked_source_archive_passes_its_tests(archives: tuple[Path, Path], tmp_path: Path) -> None:
    with tarfile.open(archives[0]) as source:
        source.extractall(tmp_path, filter="data")
    (top,) = tmp_path.iterdir()
    some = ("tests/unit/streams/test_flows.py", "tests/agents/test_pins.py", "tests/docs/test_pages.py")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *some]
    environment = os.environ | {"PYTHONPATH": str(top / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False, cwd=top, env=environment)
    assert done.returncode == 0, done.stdout


def test_the_metadata_say_what_pyproject_says(unpacked: Path) -> None:
    metadata = email.message_from_string((metadata_of(unpacked) / "METADATA").read_text(encoding="utf-8"))
    assert (metadata["Name"], metadata["Version"]) == (PROJECT["name"], PROJECT["version"])
    assert metadata["Requires-Python"] == PROJECT["requires-python"]
    assert metadata["License-Expression"] == "MIT"
    assert "Typing :: Typed" in (metadata.get_all("Classifier") or [])
    assert set(metadata.get_all("Provides-Extra") or []) == set(PROJECT["optional-dependencies"])
    needed = [requirement for requirement in metadata.get_all("Requires-Dist") or [] if "extra ==" not in requirement]
    assert len(needed) == len(PROJECT["dependencies"])
    assert "# bordertally" in str(metadata.get_payload())
    assert (metadata_of(unpacked) / "licenses" / "LICENSE").is_file()


def test_the_command_is_the_fast_way_in(unpacked: Path) -> None:
    points = configparser.ConfigParser()
    points.read_string((metadata_of(unpacked) / "entry_points.txt").read_text(encoding="utf-8"))
    assert dict(points["console_scripts"]) == {"bordertally": "bordertally.agents.cli.entry:main"}


def test_the_unpacked_wheel_runs_by_itself(unpacked: Path, tmp_path: Path) -> None:
    """Code, tables and the sample come out of the wheel, not out of the clone that this environment has installed."""
    code = (
        "import sys; from bordertally import agents, streams; print(agents.__file__, streams.__file__);"
        "from bordertally.agents.cli.entry import main;"
        "sys.argv[0] = 'bordertally'; main()"
    )

    def run(*arguments: str) -> tuple[str, str]:
        command = [sys.executable, "-c", code, *arguments]
        environment = os.environ | {"PYTHONPATH": str(unpacked), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path, env=environment
        )
        assert done.returncode == 0, done.stderr
        where, _, rest = done.stdout.partition("\n")
        return where, rest

    where, version = run("--version")
    assert where == f"{unpacked}/bordertally/agents/__init__.py {unpacked}/bordertally/streams/__init__.py"
    assert version == f"bordertally {PROJECT['version']}\n"
    (tmp_path / "words.txt").write_text(
        "53,000 people have come from Russia to Georgia since 21 September.", encoding="utf-8"
    )
    assert '"people":53000' in run("read", "words.txt", "--source", "ge-mia", "--published", "2022-09-27", "--json")[1]
    assert "217,000" in run("replay", str(unpacked / "bordertally/agents/demo/sample.ndjson"))[1]
