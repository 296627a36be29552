"""A Docker Engine of the tests' own, on which docker-compose.yml runs as it does for users.

The daemon has data below one folder, and processes, mounts and networks in namespaces of its own: it disturbs no other
Docker, the ports of the file are free there, nothing outside can be reached, and whatever ends this process ends all
containers with it. Images are therefore built, never pulled (stand_ins.py).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from client import command, why_no_compose
from composed import TOP

from bordertally.agents.servers.spawn import spawn

CACHE = TOP / ".cache" / "containers"
PROGRAMS = ("dockerd", "docker", "mmdebstrap", "unshare", "nsenter")
START_S = 60.0
COMMAND_S = 900.0
READ = (
    "import sys; from urllib.request import urlopen; sys.stdout.write(urlopen(sys.argv[1], timeout=5).read().decode())"
)

WRITABLE = """\
import json, os
def writable(path):
    try:
        open(os.path.join(path, "x"), "w").close()
    except OSError as error:
        return error.strerror
    return "written"
"""
"""For scripts in a container: whether a folder can be written to."""


def why_no_engine() -> str | None:
    """What is missing to run one; None where nothing is."""
    absent = [program for program in PROGRAMS if shutil.which(program) is None]
    if absent:
        return f"not installed: {', '.join(absent)} (Debian: the package of Docker's engine, mmdebstrap, util-linux)"
    if os.geteuid() != 0:
        return "a Docker Engine of its own needs root"
    return why_no_compose()


class EngineError(Exception):
    """A command of Docker failed, or the daemon did not start; with its output."""


class Engine:
    """One daemon. `apart`: in a network of its own, without a way out; else on this machine's, to build images only."""

    def __init__(self, directory: Path, *, apart: bool) -> None:
        self.directory, self.apart = directory, apart
        self.run_directory = Path("/run") / f"bordertally-engine-{os.getpid()}"
        """Short: the path of a socket has at most 107 bytes."""
        self.host = f"unix://{self.run_directory}/docker.sock"
        self.log = directory / "dockerd.log"
        self._holder: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.directory.mkdir(parents=True, exist_ok=True)
        self.run_directory.mkdir(exist_ok=True)
        daemon = ["dockerd", "--host", self.host, "--data-root", str(self.directory / "data")]
        daemon += ["--exec-root", str(self.run_directory / "exec"), "--pidfile", str(self.run_directory / "pid")]
        daemon += ["--cgroup-parent", f"/bordertally-{os.getpid()}"]
        spaces = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private"]
        if self.apart:
            script = 'ip link set lo up && exec "$@"'
            whole = [*spaces, "--net", "--mount", "sh", "-c", script, "sh", *daemon]
        else:
            whole = [*spaces, "--mount", *daemon, "--iptables=false", "--bridge=none"]
        self._holder = spawn(whole, log=self.log, directory=self.directory)
        deadline = time.monotonic() + START_S
        while subprocess.run(self._docker("version"), capture_output=True, check=False).returncode != 0:
            if self._holder.poll() is not None or time.monotonic() > deadline:
                self.__exit__(None, None, None)
                raise EngineError(f"dockerd did not start:\n{self._tail()}")
            time.sleep(0.1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._holder is not None
        if self._holder.poll() is None:
            subprocess.run(["kill", "-TERM", str(self._daemon())], check=False)
            try:
                self._holder.wait(90)
            except subprocess.TimeoutExpired:
                self._holder.kill()
                self._holder.wait()
        shutil.rmtree(self.run_directory, ignore_errors=True)

    def docker(self, *arguments: str, stdin: bytes | None = None) -> str:
        """What `docker ARGUMENTS` prints. Raises EngineError when it fails."""
        return self._done(self._docker(*arguments), stdin=stdin)

    def inspect(self, name: str) -> dict[str, Any]:
        """What Docker knows of a container or an image."""
        (about,) = json.loads(self.docker("inspect", name))
        document: dict[str, Any] = about
        return document

    def compose(self, *arguments: str, stdin: bytes | None = None, variables: Mapping[str, str] = {}) -> str:
        """What `docker compose ARGUMENTS` prints, in the folder of docker-compose.yml. Raises EngineError."""
        return self._done([*command(), *arguments], stdin=stdin, variables=variables)

    def get(self, url: str) -> str:
        """What an address answers, asked from this machine as the containers see it: published ports are on it."""
        return self._done(self.inside([sys.executable, "-c", READ, url]))

    def inside(self, arguments: Sequence[str]) -> list[str]:
        """The command that runs another in the network of the daemon."""
        return ["nsenter", f"--net=/proc/{self._daemon()}/ns/net", *arguments]

    def _docker(self, *arguments: str) -> list[str]:
        return ["docker", "--host", self.host, *arguments]

    def _done(self, whole: Sequence[str], *, stdin: bytes | None = None, variables: Mapping[str, str] = {}) -> str:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("BORDERTALLY_", "COMPOSE_"))
        }
        environment |= {"DOCKER_HOST": self.host, "DOCKER_BUILDKIT": "0", **variables}
        done = subprocess.run(
            whole, cwd=TOP, env=environment, input=stdin or b"", capture_output=True, timeout=COMMAND_S, check=False
        )
        if done.returncode != 0:
            output = (done.stdout + done.stderr).decode(errors="replace")
            raise EngineError(f"{' '.join(whole[:12])} ended with {done.returncode}:\n{output[-4_000:]}")
        return done.stdout.decode(errors="replace")

    def _daemon(self) -> int:
        """The daemon's process, the only child of the one that made its namespaces."""
        assert self._holder is not None
        children = Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children").read_text().split()
        return int(children[0])

    def _tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-25:])
