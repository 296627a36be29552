"""Apache Kafka (KRaft) as child processes, one broker or a cluster, for tests that need a complete broker."""

import base64
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

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

COPIES, ACKNOWLEDGED_BY = 3, 2
"""Copies of every topic of a cluster of three brokers or more, and how many of them a producer waits for."""

# A killed broker can rejoin only after its old session expires: 3 s here, 9 s by default.
PROPERTIES = """\
process.roles=broker,controller
node.id={number}
controller.quorum.voters={voters}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}{more}
advertised.listeners=PLAINTEXT://{host}:{port}{advertised}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,DETOUR:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL,SASL_PLAINTEXT:SASL_PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
message.max.bytes=16777216
replica.fetch.max.bytes=16777216
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
group.min.session.timeout.ms=1000
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=8
offsets.topic.replication.factor={copies}
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor={copies}
transaction.state.log.min.isr={acknowledged_by}
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor={copies}
share.coordinator.state.topic.min.isr={acknowledged_by}
default.replication.factor={copies}
min.insync.replicas={acknowledged_by}
log.cleaner.dedupe.buffer.size=8388608
"""


class BrokerNode(NamedTuple):
    """One broker, a controller too: its id and its ports.

    `detour`: the port of a second plaintext listener and the port that it advertises instead, so that clients that
    begin there reach this broker only through whatever listens on the second port.
    """

    number: int
    port: int
    controller_port: int
    detour: tuple[int, int] | None = None


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
    _require_programs(cache)
    chosen = free_port() if port is None else port
    require_free(chosen, "kafka")  # fail before writing any file
    (controller_port,) = _free_ports(1, {chosen})
    node = BrokerNode(1, chosen, controller_port)
    return _prepared(node, [node], directory, _java(cache, jvm_flags), guarded).start()


class KafkaCluster:
    """The brokers of one cluster, each a `Server` of its own. `detours`: the port of each broker's second listener."""

    def __init__(self, brokers: Sequence[Server], detours: Sequence[int]) -> None:
        self.brokers = tuple(brokers)
        self.detours = tuple(detours)

    @property
    def address(self) -> str:
        """The addresses of all brokers, separated by commas, as Kafka clients expect them."""
        return ",".join(broker.address for broker in self.brokers)

    def start(self) -> Self:
        """Start the brokers that do not run, all at once; return when each responds. Raises ServerError."""
        _at_once([broker.start for broker in self.brokers if not broker.running])
        return self

    def stop(self) -> None:
        """Stop all brokers. They are asked together: a broker waits for the others of its quorum."""
        _at_once([broker.stop for broker in self.brokers])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start_kafka_cluster(
    directory: Path,
    *,
    number: int = 3,
    detours: Sequence[int] = (),
    cache: Path | None = None,
    jvm_flags: Sequence[str] = QUICK_START,
) -> KafkaCluster:
    """Start a cluster of `number` brokers on free ports with its data in `directory`; return when all are ready.

    From three brokers on, topics have three copies unless they say otherwise, and a record is acknowledged once two
    brokers have it. `detours`: a port for each broker, which its second listener advertises (see BrokerNode).
    Raises ServerError as `start_kafka`.
    """
    _require_programs(cache)
    ports = _free_ports(3 * number, set(detours))
    advertised: Sequence[int | None] = detours or [None] * number
    nodes = [
        BrokerNode(at + 1, port, controller_port, None if end is None else (second, end))
        for at, (port, controller_port, second, end) in enumerate(
            zip(ports[::3], ports[1::3], ports[2::3], advertised, strict=True)
        )
    ]
    java = _java(cache, jvm_flags)
    brokers = [_prepared(node, nodes, directory / f"broker-{node.number}", java, None) for node in nodes]
    return KafkaCluster(brokers, [node.detour[0] for node in nodes if node.detour is not None]).start()


def _at_once(steps: Sequence[Callable[[], object]]) -> None:
    """Run steps in threads and wait for all; raise the first error."""
    with ThreadPoolExecutor(max(len(steps), 1)) as threads:
        for running in [threads.submit(step) for step in steps]:
            running.result()


def _require_programs(cache: Path | None) -> None:
    missing = why_no_kafka(cache)
    if missing is not None:
        raise ServerError(missing)


def _free_ports(number: int, taken: set[int]) -> list[int]:
    """Return `number` different free ports, none of them in `taken`."""
    ports: list[int] = []
    while len(ports) < number:
        port = free_port()
        if port not in taken:
            taken = taken | {port}
            ports.append(port)
    return ports


def _java(cache: Path | None, jvm_flags: Sequence[str]) -> list[str]:
    """The command that runs a class of Kafka."""
    java = [str(shutil.which("java")), *jvm_flags, f"-Dlog4j2.configurationFile={LOGGING}"]
    return [*java, "-cp", f"{kafka_jars(cache)}/*"]


def _prepared(
    node: BrokerNode, nodes: Sequence[BrokerNode], directory: Path, java: list[str], guarded: Guarded | None
) -> Server:
    """A broker that is ready to start: configured, its storage formatted."""
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    properties = directory / "server.properties"
    properties.write_text(_properties(node, nodes, directory / "data", guarded))
    _format_storage(java, properties, directory, {} if guarded is None else guarded.users)
    return Server(
        "kafka",
        [*java, "kafka.Kafka", str(properties)],
        port=node.port,
        directory=directory,
        check=lambda: kafka_answers(node.port),
        timeout_s=READY_S,
    )


def _properties(node: BrokerNode, nodes: Sequence[BrokerNode], data: Path, guarded: Guarded | None) -> str:
    """The text of server.properties for a broker among the nodes of its cluster."""
    more, advertised, extra = "", "", ""
    if node.detour is not None:
        port, end = node.detour
        more, advertised = f",DETOUR://{HOST}:{port}", f",DETOUR://{HOST}:{end}"
    if guarded is not None:
        secured = "".join(f",{name}://{HOST}:{at}" for name, at in guarded.ports.items())
        more, advertised = more + secured, advertised + secured
        extra = "".join(f"{name}={value}\n" for name, value in guarded.properties.items())
    clustered = len(nodes) >= COPIES
    common = PROPERTIES.format(
        host=HOST,
        number=node.number,
        voters=",".join(f"{peer.number}@{HOST}:{peer.controller_port}" for peer in nodes),
        port=node.port,
        controller_port=node.controller_port,
        data=data,
        more=more,
        advertised=advertised,
        copies=COPIES if clustered else 1,
        acknowledged_by=ACKNOWLEDGED_BY if clustered else 1,
    )
    return common + extra


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
