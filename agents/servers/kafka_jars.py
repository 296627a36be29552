"""The jars of Apache Kafka, downloaded once by Maven into a cache directory."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from bordertally.agents.servers.errors import ServerError
from bordertally.agents.servers.spawn import tied

POM = Path(__file__).with_name("kafka-pom.xml")
CACHE_VARIABLE = "BORDERTALLY_KAFKA_CACHE"
FETCH_S = 600.0


def default_cache() -> Path:
    """Return the directory named by BORDERTALLY_KAFKA_CACHE, else `.cache/kafka` of the project."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named) if named else Path(__file__).resolve().parents[2] / ".cache" / "kafka"


def why_no_kafka(cache: Path | None = None) -> str | None:
    """Return None when Apache Kafka can be started here, else one sentence on what to install."""
    if shutil.which("java") is None:
        return "Apache Kafka needs Java 17 or later: apt-get install default-jre-headless"
    if shutil.which("mvn") is None and not _jars_in(cache or default_cache()).is_dir():
        return "Maven is needed to download Apache Kafka: apt-get install maven"
    return None


def kafka_jars(cache: Path | None = None) -> Path:
    """Return the directory with all jars, downloaded into `cache` (None: the default) if missing.

    The directory is complete or absent: it appears by one rename. Of several processes one downloads while the others
    wait. Raises ServerError when Maven is missing or fails.
    """
    cache = (cache or default_cache()).resolve()
    jars = _jars_in(cache)
    if jars.is_dir():
        return jars
    cache.mkdir(parents=True, exist_ok=True)
    # Two Mavens at once corrupt Maven's own download directory, hence the lock.
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not jars.is_dir():
            with tempfile.TemporaryDirectory(dir=cache) as temporary:
                fetched = Path(temporary) / "jars"
                _fetch(fetched)
                fetched.rename(jars)
    return jars


def _jars_in(cache: Path) -> Path:
    """Return the directory of the jars, named by the hash of the POM: a changed POM gets a new directory."""
    return cache / hashlib.sha256(POM.read_bytes()).hexdigest()[:12]


def _fetch(directory: Path) -> None:
    """Download the jars to `directory` by Maven. Raises ServerError."""
    maven = shutil.which("mvn")
    if maven is None:
        raise ServerError("Maven is needed to download Apache Kafka: apt-get install maven")
    command = [maven, "-q", "-B", "-f", str(POM), "dependency:copy-dependencies"]
    command.append(f"-DoutputDirectory={directory}")
    try:
        done = subprocess.run(  # noqa: S603  # commands are ours, no shell
            tied(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=FETCH_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ServerError(f"Maven did not download Apache Kafka within {FETCH_S:g} s") from None
    if done.returncode != 0 or not any(directory.glob("kafka_*.jar")):
        output = "\n".join((done.stdout + done.stderr).splitlines()[:8])
        raise ServerError(f"Maven could not download Apache Kafka (exit code {done.returncode}); its output:\n{output}")
