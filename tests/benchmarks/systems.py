"""The systems that are measured: how each is installed, started, and how its records are read."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks import broker, install
from benchmarks.machine import Cores
from benchmarks.oracle import before
from benchmarks.stream import FLOWS, RULES, Shape, registry
from bordertally.agents.servers.ports import free_port
from bordertally.agents.servers.spawn import spawn

PROJECT = Path(__file__).parents[2]
BATCH_DAYS, USUAL_BATCH = 20, 20_000
ARRIVAL = {"retention.ms": "-1", "message.timestamp.type": "LogAppendTime"}


class Said(NamedTuple):
    """What a record on a system's totals says: a flow, people by day, and the 7 days that end with `last`."""

    flow: str
    days: list[tuple[str, int]]
    last: str
    week: int


@dataclass
class Lane:
    """A run's own topics, groups and files."""

    name: str
    address: str
    directory: Path
    reports: str = ""
    totals: str = ""
    alerts: str = ""
    extra: dict[str, str] = field(default_factory=dict)


class Process:
    """A system as one process on its own core; it ends with this program at the latest."""

    def __init__(self, command: list[str], environment: dict[str, str], lane: Lane, core: int, port: int = 0) -> None:
        arguments = ["env", "-u", "PYTHONPATH", *[f"{name}={value}" for name, value in environment.items()]]
        self.port = port
        self.log = lane.directory / "log"
        self.began = time.time()
        self._process = spawn(
            [*arguments, "taskset", "-c", str(core), *command], log=self.log, directory=lane.directory
        )

    @property
    def pid(self) -> int:
        """Its process id: all of these commands become the program."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    async def stop(self, grace_s: float = 20.0) -> None:
        """Ask it to end, and end it when it does not."""
        if self.running:
            self._process.send_signal(signal.SIGTERM)
            try:
                await asyncio.to_thread(self._process.wait, grace_s)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """End it at once (kill -9)."""
        self._process.kill()
        self._process.wait()

    def last_words(self) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


class System:
    """What is measured. `quiet_s`: so long without a record means it has nothing left to do."""

    name: str
    quiet_s = 3.0

    def install(self, cache: Path, say: Callable[[str], None]) -> None:
        """Make its environment. Raises install.UnavailableError with the reason."""

    def settings(self, _shape: Shape) -> dict[str, str]:
        """What a stream of this shape needs set."""
        return {}

    async def make_topics(self, lane: Lane) -> None:
        """Create the topics of a run and name them in `lane`."""
        lane.reports, lane.totals, lane.alerts = (f"{lane.name}-{topic}" for topic in ("reports", "totals", "alerts"))
        await broker.create(
            lane.address, {lane.reports: {"retention.ms": "-1"}, lane.totals: ARRIVAL, lane.alerts: ARRIVAL}
        )

    def start(self, lane: Lane, cores: Cores, instance: str = "one") -> Process:
        """Start it on its core."""
        raise NotImplementedError

    async def behind(self, _lane: Lane) -> int:
        """Records it has not worked through yet, where they can be counted."""
        return 0

    def read(self, value: bytes) -> Said:
        """What a record on totals says."""
        row = _decode_row(value)
        return Said(row.flow, [(row.day, row.total)], row.day, row.rolling7)


class Bordertally(System):
    """This project: `bordertally worker` with intake, ledger and alerts, on topics made by `bordertally topics`."""

    name = "bordertally"
    program = str(Path(sys.executable).with_name("bordertally"))

    def settings(self, shape: Shape) -> dict[str, str]:
        """Smaller batches where few counts a day would have one span more days than the 30 of a state."""
        reports = BATCH_DAYS * shape.slots * len(FLOWS) // broker.PARTITIONS
        return {"BORDERTALLY_BATCH_REPORTS": str(reports)} if reports < USUAL_BATCH else {}

    def environment(self, lane: Lane) -> dict[str, str]:
        """Settings of a worker of this run."""
        sources = lane.directory / "sources.toml"
        sources.write_text(registry())
        rules = lane.directory / "rules.toml"
        rules.write_text(RULES)
        return {
            "BORDERTALLY_BROKERS": lane.address,
            "BORDERTALLY_PARTITIONS": str(broker.PARTITIONS),
            "BORDERTALLY_TOPIC_PREFIX": f"{lane.name}.",
            "BORDERTALLY_APP_ID": lane.name,
            "BORDERTALLY_SOURCES": str(sources),
            "BORDERTALLY_RULES": str(rules),
            "BORDERTALLY_HOPS": "intake,ledger,alerts",
            **lane.extra,
        }

    async def make_topics(self, lane: Lane) -> None:
        """Let the command make them, as an operator does."""
        lane.reports, lane.totals, lane.alerts = (
            f"{lane.name}.{topic}" for topic in ("reports.checkpoint", "totals", "alerts")
        )
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        command = [self.program, "topics", "--create"]
        done = await asyncio.to_thread(
            subprocess.run,
            command,
            env=environment | self.environment(lane),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr}")

    def start(self, lane: Lane, cores: Cores, instance: str = "one") -> Process:
        """A worker; `instance` gives it its place back after a quick restart."""
        port = free_port()
        own = {"BORDERTALLY_HTTP_PORT": str(port), "BORDERTALLY_INSTANCE": instance}
        return Process([self.program, "worker"], self.environment(lane) | own, lane, cores.system, port)

    async def behind(self, lane: Lane) -> int:
        """The lag of the alerts hop, whose silence does not mean that it is done."""
        return await broker.lag(lane.address, lane.name, lane.totals)

    def read(self, value: bytes) -> Said:
        """A state: the days of the last 30, and the window of 7 days."""
        state = _decode_state(value)
        week = next((total for total in state.totals if total.window_days == 7), None)
        if week is None:
            return Said(state.flow, [], "", 0)
        return Said(state.flow, [(day.day, day.best) for day in state.days], before(week.as_of, 1), week.best)


class Peer(System):
    """Another engine on the same job, in an environment of its own."""

    def __init__(
        self, name: str, command: tuple[str, ...], *, first: tuple[str, ...] = (), quiet_s: float = 5.0
    ) -> None:
        self.name, self.command, self.first, self.quiet_s = name, command, first, quiet_s
        self.python = ""

    def install(self, cache: Path, say: Callable[[str], None]) -> None:
        """A virtual environment with what its requirements pin."""
        self.python = str(install.python(self.name, cache, say))

    def start(self, lane: Lane, cores: Cores, instance: str = "one") -> Process:
        """Start it in its state directory."""
        state = lane.directory / "state"
        environment = {
            "BROKER": lane.address,
            "IN_TOPIC": lane.reports,
            "OUT_TOPIC": lane.totals,
            "ALERT_TOPIC": lane.alerts,
            "GROUP": lane.name,
            "INSTANCE": instance,
            "STATE_DIR": str(state),
            "PYTHONPATH": str(PROJECT / "tests"),
            **lane.extra,
        }
        begin = [self._filled(word, state) for word in self.command]
        if not state.exists():
            state.mkdir()
            if self.first:
                subprocess.run(
                    [self._filled(word, state) for word in self.first], check=True, stdout=subprocess.DEVNULL
                )
        return Process(begin, environment, lane, cores.system)

    def _filled(self, argument: str, state: Path) -> str:
        return argument.replace("PYTHON", self.python).replace("STATE", str(state))


class JavaPeer(Peer):
    """A peer in Java: jars by Maven, compiled here."""

    def __init__(self, name: str, main: str, *, quiet_s: float = 8.0) -> None:
        super().__init__(name, (), quiet_s=quiet_s)
        self.main = main

    def install(self, cache: Path, say: Callable[[str], None]) -> None:
        """Jars and classes."""
        self.command = ("java", "-cp", install.java(self.name, cache, say), self.main)


def systems() -> dict[str, System]:
    """All that can be measured, by name."""
    bytewax = Peer(
        "bytewax",
        ("PYTHON", "-m", "bytewax.run", "benchmarks.peers.bytewax.flow:flow", "-r", "STATE", "-s", "10", "-b", "0"),
        first=("PYTHON", "-m", "bytewax.recovery", "STATE", "1"),
    )
    quix = Peer("quix", ("PYTHON", "-m", "benchmarks.peers.quix.main"))
    bare = Peer("aiokafka", ("PYTHON", "-m", "benchmarks.peers.aiokafka.main"))
    return {system.name: system for system in (Bordertally(), bytewax, quix, bare, JavaPeer("kstreams", "Totals"))}


class _Row(msgspec.Struct):
    flow: str
    day: str
    total: int
    rolling7: int


class _Day(msgspec.Struct):
    day: str
    best: int


class _Window(msgspec.Struct):
    window_days: int
    as_of: str
    best: int


class _State(msgspec.Struct):
    flow: str
    days: list[_Day]
    totals: list[_Window]


_decode_row = msgspec.json.Decoder(_Row).decode
_decode_state = msgspec.json.Decoder(_State).decode
