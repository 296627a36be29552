"""The machine: one core for the broker and whoever watches, another for the system; what a process has used so far."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

TICK = os.sysconf("SC_CLK_TCK")
EVERY_S = 0.05


class Cores(NamedTuple):
    """Where things run; the same core twice on a machine that has only one."""

    broker: int
    system: int

    @classmethod
    def take(cls) -> Cores:
        """Pin this process, and with it all it starts from now on, to the first core; systems get the last one."""
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {allowed[0]})
        return cls(allowed[0], allowed[-1])


class Used(NamedTuple):
    """CPU seconds (user and system, all threads) a process has used up to a moment."""

    at: float
    cpu_s: float


def cpu_s(pid: int) -> float:
    """CPU seconds of a process so far. OSError when it is gone."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(field) for field in fields[11:15]) / TICK


def busy_s(core: int) -> float:
    """Seconds a core has worked so far, for whomever, those taken by the machine's host included."""
    for line in Path("/proc/stat").read_text().splitlines():
        name, *fields = line.split()
        if name == f"cpu{core}":
            user, nice, system, _idle, _waiting, *rest = (int(field) for field in fields)
            return (user + nice + system + sum(rest[:3])) / TICK
    return 0.0


def peak_mb(pid: int) -> float:
    """The most memory a process has held at once (VmHWM), in MB; 0 when it is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return 0.0


class Meter:
    """Reads a process's CPU every 50 ms, in a thread of its own, until it is left."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.readings = [Used(time.time(), cpu_s(pid))]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def _read(self) -> None:
        while not self._over.wait(EVERY_S):
            try:
                self.readings.append(Used(time.time(), cpu_s(self.pid)))
            except OSError:
                return

    def at(self, moment: float) -> float:
        """CPU seconds used at a moment, between two readings by proportion."""
        before = self.readings[0]
        for reading in self.readings:
            if reading.at >= moment:
                span = reading.at - before.at
                share = (moment - before.at) / span if span > 0 else 0.0
                return before.cpu_s + max(0.0, share) * (reading.cpu_s - before.cpu_s)
            before = reading
        return before.cpu_s

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
