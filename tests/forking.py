"""Workers forked from a process that has imported everything once: to start one costs no imports, and it dies as ever.

`python forking.py` is that process. It is told what to do by lines of JSON, and answers each with one.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from agents.servers.ports import free_port

MODULES = (
    "agents.work",
    "agents.delivery.redis",
    "agents.delivery.evidence",
    "agents.delivery.webhooks.hop",
    "agents.delivery.alertmanager",
    "faust.transport.drivers.aiokafka",
)


class Forked:
    """A worker. `exit_code` is None while it runs, negative for a signal."""

    def __init__(self, forks: Forks, pid: int, port: int, log: Path) -> None:
        self.forks, self.pid, self.port, self.log = forks, pid, port, log
        self._code: int | None = None

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it runs."""
        if self._code is None:
            self._code = self.forks.ask({"poll": self.pid})
        return self._code

    def stop(self) -> None:
        """Ask it to end, kill it after ten seconds; returns when it is gone."""
        deadline = time.monotonic() + 10
        self._signal(signal.SIGTERM)
        while self.exit_code is None:
            if time.monotonic() > deadline:
                self._signal(signal.SIGKILL)
            time.sleep(0.02)

    def _signal(self, number: signal.Signals) -> None:
        if self.exit_code is None:
            os.kill(self.pid, number)


class Forks:
    """The process that workers are forked from; they end with it."""

    def __init__(self, directory: Path) -> None:
        self._turn = threading.Lock()
        with (directory / "forks.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )

    def worker(self, environment: Mapping[str, str], log: Path) -> Forked:
        """Start a worker; it is not ready yet."""
        port = free_port()
        variables = {**environment, "BORDERTALLY_HTTP_PORT": str(port)}
        pid = self.ask({"environment": variables, "log": str(log)})
        return Forked(self, pid, port, log)

    def ask(self, what: dict[str, Any]) -> Any:
        """One line there, one back."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._turn:
            self._process.stdin.write(json.dumps(what) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


def main() -> None:
    """Fork workers until there are no more orders, then end those that still run."""
    for module in MODULES:
        importlib.import_module(module)
    running: set[int] = set()
    for line in sys.stdin:
        order = json.loads(line)
        if "poll" in order:
            done, status = os.waitpid(order["poll"], os.WNOHANG) if order["poll"] in running else (0, 0)
            running.discard(done)
            answer = os.waitstatus_to_exitcode(status) if done else None
        else:
            answer = os.fork()
            if not answer:
                _work(order)
            running.add(answer)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    for pid in running:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _work(order: dict[str, Any]) -> None:
    """In the child: what `bordertally worker` does, with an environment and a log of its own."""
    from agents import crashing, work  # noqa: PLC0415 - they are there already
    from streams.settings import load_settings  # noqa: PLC0415 - as above

    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number, target in ((os.open(os.devnull, os.O_RDONLY), 0), (log, 1), (log, 2)):
        os.dup2(number, target)
    os.environ.update(order["environment"])
    importlib.reload(crashing)  # it looks at the environment once
    os._exit(work.run_worker(load_settings()))


if __name__ == "__main__":
    main()
