"""Strimzi's own classes, out of Maven, kept in a cache directory: no package carries the schemas of its resources."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bordertally.agents.servers.kafka_jars import default_cache

CHECK = Path(__file__).with_name("Strimzi.java")
POM = Path(__file__).with_name("strimzi-pom.xml")
CACHE = Path(__file__).parents[2] / ".cache" / "strimzi"
KINDS = ("KafkaTopic", "KafkaUser")
FETCH_S = 200


def why_no_strimzi() -> str | None:
    """What is missing, or None; Java runs the check from its source, which takes the compiler."""
    wanted = {"javac": "default-jdk-headless", "mvn": "maven"}
    absent = [package for program, package in wanted.items() if shutil.which(program) is None]
    return f"not installed: {', '.join(absent)} (Debian: apt-get install {' '.join(absent)})" if absent else None


def complaints(resources: Sequence[dict[str, Any]]) -> list[str | None]:
    """What is wrong with each resource; None where nothing is."""
    command = ["java", "-cp", f"{_fetched()}/*", str(CHECK)]
    given = json.dumps(resources)
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    complaints: list[str | None] = json.loads(done.stdout)
    return complaints


def _fetched() -> Path:
    place = CACHE / hashlib.sha256(POM.read_bytes()).hexdigest()[:12]
    for folder in (CACHE, default_cache()):
        folder.mkdir(parents=True, exist_ok=True)
    # The lock is that of Kafka's jars: Maven's own download directory is not safe with two Mavens at once.
    with (default_cache() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "complete").exists():
            shutil.rmtree(place, ignore_errors=True)
            command = ["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={place}"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_S, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
            (place / "complete").touch()
    return place
