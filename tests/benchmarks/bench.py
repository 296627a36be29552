"""A sitting: one broker for all runs of it, and what every kind of run needs of it."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from copy import deepcopy
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks import broker, feed
from benchmarks.machine import Cores
from benchmarks.oracle import Oracle
from benchmarks.stream import Shape
from benchmarks.systems import PROJECT, Lane, Process, System
from bordertally.agents.servers.kafka import start_kafka

CACHE = PROJECT / ".cache" / "bench"
BROKER_FLAGS = ("-Xms512m", "-Xmx1g", "-XX:+UseSerialGC")
POLL_S = 0.1
QUIET_S = 0.5
WARM_S = 25.0
LIMIT_S = 300.0

Say = Callable[[str], None]


class RunFailedError(Exception):
    """A run came to no result; the message says why."""


class Sitting:
    """What runs share: broker, cores, the stream's file and its oracle."""

    def __init__(self, address: str, cores: Cores, directory: Path, say: Say) -> None:
        self.address, self.cores, self.directory, self.say = address, cores, directory, say
        self._oracles: dict[Shape, Oracle] = {}

    def file(self, shape: Shape) -> Path:
        """The stream as a file."""
        if not (path := feed.stream_path(shape, CACHE)).exists():
            self.say(f"writing the stream: {shape.counts:,} counts and 1 % again")
            feed.write_stream(shape, path)
        return path

    def oracle(self, shape: Shape) -> Oracle:
        """An oracle that has seen the stream; a copy of one's own."""
        if shape not in self._oracles:
            self._oracles.clear()
            oracle = self._oracles[shape] = Oracle()
            for raw in feed.lines(self.file(shape)):
                oracle.take(raw)
        return deepcopy(self._oracles[shape])

    @asynccontextmanager
    async def lane(self, system: System, shape: Shape) -> AsyncIterator[Lane]:
        """Topics and a directory of a run, gone after it."""
        name = f"{system.name}-{uuid.uuid4().hex[:6]}"
        lane = Lane(name, self.address, self.directory / name, extra=system.settings(shape))
        lane.directory.mkdir()
        await system.make_topics(lane)
        try:
            yield lane
        finally:
            await broker.delete(self.address, name)
            shutil.rmtree(lane.directory)

    @asynccontextmanager
    async def started(self, system: System, lane: Lane, instance: str = "one") -> AsyncIterator[Process]:
        """A process of the system; it has ended when this is left."""
        process = system.start(lane, self.cores, instance)
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def sitting(say: Say) -> Iterator[Sitting]:
    """Start the broker on its core; everything is stopped and removed at the end."""
    cores = Cores.take()
    if cores.broker == cores.system:
        say("this machine has one core: broker and systems share it, and figures mean little")
    CACHE.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(dir=CACHE, prefix="sitting-"))
    say(f"starting Apache Kafka on core {cores.broker}; systems run on core {cores.system}")
    kafka = start_kafka(None, directory / "kafka", jvm_flags=BROKER_FLAGS)
    try:
        say(f"warming it up: {WARM_S:.0f} s of single records")
        asyncio.run(broker.warm(kafka.address, WARM_S))
        yield Sitting(kafka.address, cores, directory, say)
    finally:
        kafka.stop()
        shutil.rmtree(directory, ignore_errors=True)


async def drained(
    system: System, lane: Lane, process: Process, last_day: str, *, from_end: int = 0, limit_s: float = LIMIT_S
) -> float:
    """Wait until the system has told of the last day everywhere, has nothing left to read, and is silent for a while.

    Returns the moment of the last sign of work. `from_end`: what stood on totals when it was started; only what comes
    after it counts. RunFailedError when it ends or takes longer than `limit_s`.
    """
    deadline = time.monotonic() + limit_s
    async with broker.Watch(lane.address, lane.totals) as totals, broker.Watch(lane.address, lane.alerts) as alerts:
        seen, behind, last_sign = (from_end, 0), 0, time.time()
        while True:
            await asyncio.sleep(POLL_S)
            if not process.running:
                raise RunFailedError(f"{system.name} has ended:\n{process.last_words()}")
            ends = sum((await totals.ends()).values()), sum((await alerts.ends()).values())
            if ends != seen:
                seen, last_sign = ends, time.time()
            elif ends[0] > from_end and time.time() - last_sign > QUIET_S:
                if behind != (behind := await system.behind(lane)):
                    last_sign = time.time()
                still = not behind and time.time() - last_sign > system.quiet_s
                if still and all(system.read(record).last >= last_day for record in await totals.newest()):
                    return last_sign
            if time.monotonic() > deadline:
                raise RunFailedError(f"{system.name} is not done after {limit_s:.0f} s:\n{process.last_words()}")


async def reached(system: System, lane: Lane, process: Process, days: float, limit_s: float = LIMIT_S) -> None:
    """Wait until the system has told of so many days, on the average over the partitions."""
    deadline = time.monotonic() + limit_s
    async with broker.Watch(lane.address, lane.totals) as watch:
        while True:
            newest = [feed.number_of(system.read(record).last) for record in await watch.newest()]
            if sum(newest) / broker.PARTITIONS >= days:
                return
            if not process.running or time.monotonic() > deadline:
                raise RunFailedError(f"{system.name} did not come to half:\n{process.last_words()}")
            await asyncio.sleep(POLL_S / 4)


async def settled(lane: Lane) -> int:
    """What is on totals once nothing is on its way any more."""
    async with broker.Watch(lane.address, lane.totals) as watch:
        before = -1
        while before != (before := sum((await watch.ends()).values())):
            await asyncio.sleep(0.3)
        return before


async def ready(process: Process, limit_s: float = 60.0) -> float:
    """Wait for a worker's /readyz; the moment when it answered 200."""
    deadline = time.monotonic() + limit_s
    while not await asyncio.to_thread(_answers, process.port):
        if not process.running or time.monotonic() > deadline:
            raise RunFailedError(f"the worker is not ready:\n{process.last_words()}")
        await asyncio.sleep(0.02)
    return time.time()


def _answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False
