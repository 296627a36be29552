import shutil
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import server_kit

from bordertally.agents.servers.errors import ServerError
from bordertally.agents.servers.kafka import start_kafka
from bordertally.agents.servers.kafka_jars import default_cache, kafka_jars, why_no_kafka

# Stands for Maven: notes its call, and leaves one jar where the real one leaves all of them.
FETCHES = """
for argument; do case "$argument" in -DoutputDirectory=*) out="${argument#*=}";; esac; done
echo called >> "$(dirname "$0")/calls"
mkdir -p "$out"; sleep 0.2; touch "$out/kafka_2.13.jar"
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a directory that is all of PATH, but for the shell's own tools."""
    directory = tmp_path / "programs"
    directory.mkdir()
    for tool in ("sh", "dirname", "mkdir", "sleep", "touch"):
        (directory / tool).symlink_to(str(shutil.which(tool)))
    monkeypatch.setenv("PATH", str(directory))
    return directory


def install(programs: Path, name: str, script: str = "") -> None:
    program = programs / name
    program.write_text(f"#!/bin/sh\n{script}")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def test_of_callers_that_race_one_fetches(tmp_path: Path, programs: Path) -> None:
    install(programs, "mvn", FETCHES)
    cache = tmp_path / "cache"
    with ThreadPoolExecutor(4) as callers:
        (jars,) = set(callers.map(kafka_jars, [cache] * 4))
    assert [jar.name for jar in jars.iterdir()] == ["kafka_2.13.jar"]
    assert (programs / "calls").read_text() == "called\n"


def test_a_failed_fetch_says_what_maven_said_and_leaves_nothing(tmp_path: Path, programs: Path) -> None:
    install(programs, "mvn", "echo '[ERROR] no route to the registry'; exit 1")
    with pytest.raises(ServerError, match=r"(?s)could not download Apache Kafka \(exit code 1\).*no route"):
        kafka_jars(tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["lock"]


def test_what_is_missing_is_named(tmp_path: Path, programs: Path) -> None:
    cache = tmp_path / "cache"
    assert str(why_no_kafka(cache)).endswith("apt-get install default-jre-headless")
    with pytest.raises(ServerError, match="default-jre-headless"):
        start_kafka(None, tmp_path, cache=cache)
    install(programs, "java")
    assert str(why_no_kafka(cache)).endswith("apt-get install maven")
    with pytest.raises(ServerError, match="apt-get install maven"):
        kafka_jars(cache)
    install(programs, "mvn", FETCHES)
    assert why_no_kafka(cache) is None
    kafka_jars(cache)
    (programs / "mvn").unlink()
    assert why_no_kafka(cache) is None


def test_the_cache_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BORDERTALLY_KAFKA_CACHE", raising=False)
    assert default_cache().parts[-2:] == (".cache", "kafka")
    monkeypatch.setenv("BORDERTALLY_KAFKA_CACHE", str(tmp_path))
    assert default_cache() == tmp_path


def test_a_test_without_kafka_is_skipped_here_and_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_kit, "why_no_kafka", lambda: "no Java")
    monkeypatch.setenv("CI", "false")
    with pytest.raises(pytest.skip.Exception, match="no Java"):
        server_kit.require_kafka()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no Java"):
        server_kit.require_kafka()
