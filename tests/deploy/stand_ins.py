"""Images under the names that docker-compose.yml and deploy/Dockerfile ask for, of Debian packages and Kafka's jars.

They prove the compose file and the project's own image: commands, settings, files, users, health checks, limits. They
do not prove the images of others, whose programs may be newer. Grafana has no package, so its service is left out.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from composed import SERVICES, TOP, dockerfile
from engine import CACHE, Engine, EngineError

from bordertally.agents.servers.kafka import LOGGING
from bordertally.agents.servers.kafka_jars import kafka_jars

SUITE = "bookworm"
PYTHON = ("ca-certificates", "python3", "python3-pip", "python3-venv")
SERVERS = ("default-jre-headless", "prometheus", "prometheus-alertmanager", "redis-server", "wget")
TOOLS = "org.apache.kafka:kafka-tools"
FILES = Path(__file__).with_name("stand-ins")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
LEFT_OUT = {"grafana"}
FETCH_S = 600.0

REDIS = """\
FROM stand-in-servers:1
RUN mkdir -p /data && chown redis:redis /data
VOLUME /data
"""
PROMETHEUS = """\
FROM stand-in-servers:1
RUN mkdir -p /prometheus && chown nobody:nogroup /prometheus
VOLUME /prometheus
ENTRYPOINT ["/usr/bin/prometheus"]
"""
ALERTMANAGER = """\
FROM stand-in-servers:1
RUN mkdir -p /alertmanager && chown nobody:nogroup /alertmanager
VOLUME /alertmanager
ENTRYPOINT ["/usr/bin/prometheus-alertmanager"]
"""
KAFKA = """\
FROM stand-in-servers:1
RUN useradd --uid 1000 appuser \\
    && mkdir -p /opt/kafka/bin /opt/kafka/config /opt/kafka/logs /var/lib/kafka/data \\
    && mkdir -p /etc/kafka/secrets /mnt/shared/config \\
    && chown -R appuser:root /opt/kafka /var/lib/kafka /etc/kafka/secrets /mnt/shared/config
COPY jars /opt/kafka/libs
COPY log4j2.xml /opt/kafka/log4j2.xml
COPY kafka-broker-api-versions.sh /opt/kafka/bin/
COPY kafka-run /etc/kafka/docker/run
USER appuser
VOLUME ["/etc/kafka/secrets", "/var/lib/kafka/data", "/mnt/shared/config"]
CMD ["/etc/kafka/docker/run"]
"""


def python_image() -> str:
    """The base image of deploy/Dockerfile."""
    (base,) = {rest.partition(" ")[0] for word, rest in dockerfile() if word == "FROM"}
    return base


def build_all(engine: Engine) -> None:
    """Make every image that is missing, and the project's own from the files as they are now."""
    compose_python(engine)
    _base(engine, "stand-in-servers:1", SERVERS)
    for service, text in (("redis", REDIS), ("prometheus", PROMETHEUS), ("alertmanager", ALERTMANAGER)):
        _build(engine, SERVICES[service]["image"], text, {})
    files = {path.name: path for path in FILES.iterdir()} | {"log4j2.xml": LOGGING, "jars": _jars()}
    _build(engine, SERVICES["kafka"]["image"], KAFKA, files)
    build_own(engine)


def has_python(engine: Engine) -> bool:
    """Whether the base image of deploy/Dockerfile is there already."""
    return python_image() in _names(engine)


def compose_python(engine: Engine) -> None:
    """Make the base image of deploy/Dockerfile if it is missing: this fetches packages, and takes a minute or more."""
    _base(engine, python_image(), PYTHON, python=True)


def build_own(engine: Engine) -> None:
    """Build the project's image from the files as they are now; packages are fetched when they have changed."""
    ours = SERVICES["worker"]
    arguments = [f"--build-arg={name}={value}" for name, value in ours["build"]["args"].items()]
    file = TOP / ours["build"]["dockerfile"]
    engine.docker("build", "--network=host", f"--file={file}", f"--tag={ours['image']}", *arguments, str(TOP))


def _base(engine: Engine, name: str, packages: tuple[str, ...], *, python: bool = False) -> None:
    """A Debian with these packages; kept in the engine, and made again when the list changes."""
    label = hashlib.sha256(" ".join((SUITE, *packages)).encode()).hexdigest()[:12]
    if name in _names(engine) and engine.inspect(name)["Config"]["Labels"] == {"packages": label}:
        return
    archive = CACHE / f"{label}.tar"
    CACHE.mkdir(parents=True, exist_ok=True)
    if not archive.exists():
        partial = archive.with_suffix(".part.tar")
        command = ["mmdebstrap", "--variant=minbase", f"--include={','.join(packages)}"]
        if python:  # pip is to trust whom this machine trusts, and is called as in the image of Python
            command += [
                f"--customize-hook=upload {CERTIFICATES} {CERTIFICATES}",
                "--customize-hook=ln -s python3 $1/usr/bin/python",
                f"--customize-hook=printf '[global]\\ncert = {CERTIFICATES}\\n' > $1/etc/pip.conf",
            ]
        done = subprocess.run(
            [*command, SUITE, str(partial)], capture_output=True, text=True, timeout=FETCH_S, check=False
        )
        if done.returncode != 0:
            raise EngineError(f"mmdebstrap could not make {name}:\n{done.stderr[-3_000:]}")
        partial.rename(archive)
    engine.docker("import", f"--change=LABEL packages={label}", str(archive), name)
    archive.unlink()


def _build(engine: Engine, name: str, text: str, files: dict[str, Path]) -> None:
    context = CACHE / "context"
    shutil.rmtree(context, ignore_errors=True)
    context.mkdir(parents=True)
    (context / "Dockerfile").write_text(text)
    for target, source in files.items():
        (shutil.copytree if source.is_dir() else shutil.copy)(source, context / target)
    engine.docker("build", "--network=none", f"--tag={name}", str(context))


def _names(engine: Engine) -> set[str]:
    return set(engine.docker("images", "--format", "{{.Repository}}:{{.Tag}}").split())


def _jars() -> Path:
    """Kafka's jars as the tests fetch them, and those of its tools, which the health check runs."""
    brokers = kafka_jars()
    version = next(brokers.glob("kafka_*.jar")).stem.rpartition("-")[2]
    jars = CACHE / f"jars-{version}"
    if not jars.exists():
        partial = jars.with_suffix(".part")
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(brokers, partial)
        command = [
            "mvn",
            "-q",
            "-B",
            "dependency:copy",
            f"-Dartifact={TOOLS}:{version}",
            f"-DoutputDirectory={partial}",
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_S, check=False)
        if done.returncode != 0:
            raise EngineError(f"Maven could not fetch {TOOLS}:\n{done.stdout[-2_000:]}")
        partial.rename(jars)
    return jars


if __name__ == "__main__":
    with Engine(CACHE / "engine", apart=False) as builder:
        compose_python(builder)
        build_own(builder)
