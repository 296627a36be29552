"""The containers of docker-compose.yml by hand, without Docker: what an engine would set up, out of Linux itself.

A `Network` is cut off from every other: each service has an address on it, and is found by its name. A `Container` is
this machine's files under another root (an overlay), with the service's mounts at their places, the root read-only, its
user, no privileges, and no environment but its own. The programs are those installed here, not those of the images.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from composed import SERVICES, TOP, binds, dockerfile, environment, volumes

from bordertally.agents.servers.spawn import spawn

WAIT_S = 90.0
PATH = f"{Path(sys.prefix) / 'bin'}:/usr/local/bin:/usr/bin:/bin"
USERS = {"redis": "10002:10002", "appuser": "10003:10003", "nobody": "65534:65534"}
"""Users of the images, which need not exist here."""

TOOLS = ("unshare", "nsenter", "setpriv", "ip", "mount", "chroot")


def why_no_containers() -> str | None:
    """What is missing to start them, or None."""
    absent = [tool for tool in TOOLS if shutil.which(tool) is None]
    if absent:
        return f"not installed: {', '.join(absent)} (Debian: util-linux, iproute2)"
    script = "ip link add bridge type bridge && mount -t tmpfs tmpfs /mnt && mkdir /mnt/u /mnt/w /mnt/r && "
    script += "mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w /mnt/r"
    done = subprocess.run(
        ["unshare", "--net", "--mount", "--propagation", "private", "sh", "-c", script],
        capture_output=True,
        text=True,
        check=False,
    )
    return None if done.returncode == 0 else f"namespaces cannot be made here (needs root): {done.stderr.strip()}"


def of_image() -> dict[str, str]:
    """The variables that the Dockerfile's last stage sets, but for the path."""
    instructions = dockerfile()
    last = max(number for number, (word, _) in enumerate(instructions) if word == "FROM")
    text = " ".join(rest for word, rest in instructions[last:] if word == "ENV")
    return {name: value for name, value in re.findall(r"(\w+)=(\S+)", text) if name != "PATH"}


def wait_until(check: Callable[[], bool], subject: str) -> None:
    """Wait for a condition; the failure says what was waited for."""
    deadline = time.monotonic() + WAIT_S
    while not check():
        assert time.monotonic() < deadline, f"not within {WAIT_S:.0f} s: {subject}"
        time.sleep(0.1)


class Network:
    """A network on which nothing else is; services have their names on it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.containers: list[Container] = []
        places = {name: f"192.0.2.{number}" for number, name in enumerate(SERVICES, 2)}  # addresses nobody has
        hosts = ["127.0.0.1 localhost", *(f"{address} {name}" for name, address in places.items())]
        (directory / "hosts").write_text("\n".join(hosts) + "\n")
        ready = directory / "ready"
        lines = ["set -e", "mount -t tmpfs tmpfs /run", "ip link add bridge type bridge", "ip link set bridge up"]
        for name, address in places.items():
            end = f"to-{name}"[:15]
            lines += [
                f"ip netns add {name}",
                f"ip link add {end} type veth peer name eth0 netns {name}",
                f"ip link set {end} master bridge up",
                f"ip -n {name} addr add {address}/24 dev eth0",
                f"ip -n {name} link set eth0 up",
                f"ip -n {name} link set lo up",
            ]
        lines += [f"touch {shlex.quote(str(ready))}", "exec sleep infinity"]
        command = ["unshare", "--net", "--mount", "--propagation", "private", "sh", "-c", "\n".join(lines)]
        self.holder = spawn(command, log=directory / "network.log", directory=directory)
        wait_until(ready.exists, "the network is there")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for container in reversed(self.containers):
            container.stop()
        self.holder.kill()
        self.holder.wait()

    def container(
        self,
        name: str,
        command: Sequence[str] | None = None,
        *,
        extra: Mapping[str, Path] | None = None,
    ) -> Container:
        """The container of a service; `command` where the image's is not the service's own, `extra` mounts it needs."""
        container = Container(self, name, command or SERVICES[name]["command"], extra or {})
        self.containers.append(container)
        return container


class Container:
    """One container of a service: `start` it and `wait` until it is healthy, or `run` it to its end."""

    def __init__(self, network: Network, name: str, command: Sequence[str], extra: Mapping[str, Path]) -> None:
        self.network, self.name, self.command = network, name, command
        self.service: dict[str, Any] = SERVICES[name]
        self.extra = extra
        self.log = network.directory / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        entry = ["bordertally"] if "build" in self.service else []
        self.process = spawn(self._inside([*entry, *self.command]), log=self.log, directory=self.network.directory)
        return self

    def run(self) -> None:
        """Run it to its end, which has to be a good one."""
        process = self.start().process
        assert process is not None
        code = process.wait(WAIT_S)
        assert code == 0, f"{self.name} ended with {code}:\n{self.said()}"

    def healthy(self) -> bool:
        """Whether the service's own health check says so."""
        kind, *check = self.service["healthcheck"]["test"]
        assert kind == "CMD"
        return self.succeeds(check)

    def succeeds(self, command: Sequence[str]) -> bool:
        """Whether a command in this container ends well."""
        return subprocess.run(self._inside(command), capture_output=True, timeout=WAIT_S, check=False).returncode == 0

    def output(self, command: Sequence[str]) -> str:
        """What a command in this container prints."""
        done = subprocess.run(self._inside(command), capture_output=True, text=True, timeout=WAIT_S, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def get(self, url: str) -> str:
        """What an address answers, asked from inside this container."""
        program = (
            "import sys; from urllib.request import urlopen; print(urlopen(sys.argv[1], timeout=5).read().decode())"
        )
        return self.output(["python", "-c", program, url])

    def wait(self) -> Self:
        """Return when it is healthy."""
        wait_until(lambda: self.healthy() or self.ended, f"{self.name} is healthy")
        assert self.process is not None
        assert self.process.poll() is None, f"{self.name} ended with {self.process.returncode}:\n{self.said()}"
        return self

    @property
    def ended(self) -> bool:
        """Whether it was started and runs no more."""
        return self.process is not None and self.process.poll() is not None

    def said(self) -> str:
        """The last lines of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-25:])

    def stop(self) -> None:
        """As an engine does: SIGTERM, and SIGKILL for what has not gone by then."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _inside(self, command: Sequence[str]) -> list[str]:
        variables = {"PATH": PATH, **(of_image() if "build" in self.service else {}), **environment(self.service)}
        user, _, group = USERS.get(self.service["user"], self.service["user"]).partition(":")
        quoted = shlex.join
        lines = [
            "set -e",
            f"hostname {self.name}",
            "r=/mnt/root",
            "mount -t tmpfs tmpfs /mnt",
            "mkdir /mnt/upper /mnt/work $r",
            "mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work $r",
            "for each in proc dev; do mount --rbind /$each $r/$each; done",
            "mkdir -p $r/app",
        ]
        for each in self.service.get("tmpfs", []):
            place, _, options = each.partition(":")
            lines += [
                f"mkdir -p $r{place}",
                f"mount -t tmpfs -o {options or 'noexec'},nosuid,nodev,mode=1777 tmpfs $r{place}",
            ]
        for target, name in volumes(self.service).items():
            kept = self.network.directory / f"volume-{name}"
            lines += [quoted(["mkdir", "-p", str(kept)]), quoted(["chown", f"{user}:{group}", str(kept)])]
            lines += [f"mkdir -p $r{target}", f"mount --bind {shlex.quote(str(kept))} $r{target}"]
        # What the image has inside: this environment and its code; under /tmp they would be hidden by now.
        kept_here = {str(directory): directory for directory in (TOP, Path(sys.prefix))}
        mounts = {**kept_here, **self.extra, "/etc/hosts": self.network.directory / "hosts", **binds(self.service)}
        for target, source in mounts.items():
            at = f"$r{shlex.quote(target)}"
            place = f"mkdir -p {at}" if source.is_dir() else f"mkdir -p $(dirname {at}) && touch {at}"
            # Debian keeps some folders from others; those of the images are open.
            open_up = f"chmod a+rx {at if source.is_dir() else f'$(dirname {at})'}"
            lines += [
                place,
                *([open_up] if target.startswith("/etc/") else []),
                f"mount --bind -o ro {shlex.quote(str(source))} {at}",
            ]
        if self.service["read_only"]:
            lines.append("mount -o remount,ro $r")
        lines.append(
            "exec chroot $r env -i -C /app "
            + quoted([f"{name}={value}" for name, value in variables.items()])
            + f" setpriv --reuid {user} --regid {group} --clear-groups --no-new-privs --bounding-set=-all "
            + quoted(command)
        )
        namespace = f"/proc/{self.network.holder.pid}/root/run/netns/{self.name}"
        where = ["nsenter", f"--net={namespace}", "unshare", "--uts", "--mount", "--propagation", "private"]
        return [*where, "sh", "-c", "\n".join(lines)]


def properties_of(service: Mapping[str, Any]) -> dict[str, str]:
    """Kafka's properties out of a service's environment, after the rule of its image."""
    tools = {}
    for name, value in environment(dict(service)).items():
        if name.startswith("KAFKA_"):
            key = name.removeprefix("KAFKA_").lower().replace("___", "-").replace("__", "\0").replace("_", ".")
            tools[key.replace("\0", "_")] = value
    return tools
