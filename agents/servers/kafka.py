"""Apache Kafka (one node, KRaft) as a child process, for tests that need a complete broker."""

import base64
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bordertally.agents.servers.errors import ServerError
from bordertally.agents.servers.kafka_jars import kafka_jars, why_no_kafka
from bordertally.agents.servers.ports import HOST, free_port, require_free
from bordertally.agents.servers.probe import kafka_answers
from bordertally.agents.servers.process import Server
from bordertally.agents.servers.spawn import tied

READY_S = 90.0
# Optimise for a fast start, not for long runs: one compiler tier, a collector without threads.
QUICK_START = ("-Xmx768m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
LOGGING = Path(__file__).with_name("kafka-log4j2.xml")
CLUSTER_ID = base64.urlsafe_b64encode(b"bordertally-test").decode().rstrip("=")

# A killed broker can rejoin only after its old session expires: 3 s here, 9 s by default.
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}{more}
advertised.listeners=PLAINTEXT://{host}:{port}{more}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL,SASL_PLAINTEXT:SASL_PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
message.max.bytes=16777216
replica.fetch.max.bytes=16777216
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
group.min.session.timeout.ms=1000
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=8
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
log.cleaner.dedupe.buffer.size=8388608
"""


class Guarded(NamedTuple):
    """Secured listeners beside the plaintext listener, and their users.

    `ports`: by security protocol (SSL, SASL_SSL, SASL_PLAINTEXT). `properties`: their settings in server.properties.
    `users`: name and password of each SCRAM user, for both SCRAM-SHA-256 and SCRAM-SHA-512.
    """

    ports: Mapping[str, int]
    properties: Mapping[str, str]
    users: Mapping[str, str]


def start_kafka(
    port: int | None,
    directory: Path,
    *,
    cache: Path | None = None,
    guarded: Guarded | None = None,
    jvm_flags: Sequence[str] = QUICK_START,
) -> Server:
    """Start Apache Kafka on `port` (None: any free port) with its data in `directory`; return when it is ready.

    Data in `directory` survives a stop and a kill. The first call downloads Kafka into `cache` (see kafka_jars).
    Raises ServerError when Java or Maven is missing, the port is taken, or Kafka does not respond.
    """
    missing = why_no_kafka(cache)
    if missing is not None:
        raise ServerError(missing)
    chosen = free_port() if port is None else port
    require_free(chosen, "kafka")  # fail before writing any file
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    properties = _configure(chosen, directory, guarded)
    java = [str(shutil.which("java")), *jvm_flags, f"-Dlog4j2.configurationFile={LOGGING}"]
    java += ["-cp", f"{kafka_jars(cache)}/*"]
    _format_storage(java, properties, directory, {} if guarded is None else guarded.users)
    return Server(
        "kafka",
        [*java, "kafka.Kafka", str(properties)],
        port=chosen,
        directory=directory,
        check=lambda: kafka_answers(chosen),
        timeout_s=READY_S,
    ).start()


def _configure(port: int, directory: Path, guarded: Guarded | None) -> Path:
    """Write server.properties and return its path."""
    controller_port = port
    while controller_port == port:
        controller_port = free_port()
    properties = directory / "server.properties"
    more, extra = "", ""
    if guarded is not None:
        more = "".join(f",{name}://{HOST}:{at}" for name, at in guarded.ports.items())
        extra = "".join(f"{name}={value}\n" for name, value in guarded.properties.items())
    common = PROPERTIES.format(
        host=HOST, port=port, controller_port=controller_port, data=directory / "data", more=more
    )
    properties.write_text(common + extra)
    return properties


def _format_storage(java: list[str], properties: Path, directory: Path, users: Mapping[str, str]) -> None:
    """Format the data directory unless it is formatted already. Raises ServerError."""
    if (directory / "data" / "meta.properties").exists():
        return
    command = [*java, "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(properties)]
    for name, password in users.items():
        for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
            command += ["--add-scram", f"{mechanism}=[name={name},password={password}]"]
    try:
        done = subprocess.run(  # noqa: S603  # commands are ours, no shell
            tied(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=READY_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ServerError(f"Kafka did not format {directory} within {READY_S:g} s") from None
    if done.returncode != 0:
        raise ServerError(f"Kafka cannot format {directory}; its output:\n{done.stdout}{done.stderr}")
