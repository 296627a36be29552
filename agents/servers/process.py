"""A server as a child process: start, wait until ready, stop, kill, pause, restart."""

import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from bordertally.agents.servers.errors import ServerError
from bordertally.agents.servers.ports import HOST, require_free
from bordertally.agents.servers.spawn import spawn

POLL_S = 0.02
LOG_LINES = 12


class Process(Protocol):
    """The part of `subprocess.Popen` that a server uses."""

    pid: int

    def poll(self) -> int | None:
        """Return the exit code; None while the process runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; return the exit code. Raises subprocess.TimeoutExpired."""

    def send_signal(self, sig: int) -> None:
        """Send a signal unless the process has ended."""

    def terminate(self) -> None:
        """Send SIGTERM."""

    def kill(self) -> None:
        """Send SIGKILL."""


class Server:
    """One child process that listens on `port` of the loopback address and works in `directory`.

    The server never outlives this process (spawn.py). Its output goes to `log`. `check` is polled until it returns
    True and must return quickly. Methods block: use `asyncio.to_thread` in an event loop, one call at a time.
    """

    def __init__(  # noqa: PLR0913  # keyword-only
        self,
        name: str,
        command: Sequence[str],
        *,
        port: int,
        directory: Path,
        check: Callable[[], bool],
        timeout_s: float = 30.0,
    ) -> None:
        self.name = name
        self.command = tuple(command)
        self.port = port
        self.directory = directory
        self.log = directory / f"{name}.log"
        self._check = check
        self._timeout_s = timeout_s
        self._log_start = 0
        self._process: Process | None = None

    @property
    def address(self) -> str:
        """`host:port`, as Kafka clients expect it."""
        return f"{HOST}:{self.port}"

    @property
    def pid(self) -> int:
        """The process id of the last start. Raises ServerError before the first start."""
        return self._started().pid

    @property
    def running(self) -> bool:
        """Whether the process exists; True for a paused server."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """The exit code, negative for a signal; None while the server runs."""
        return self._started().poll()

    def start(self) -> Self:
        """Start and return when the server is ready. Raises ServerError, and leaves no process then."""
        if self.running:
            raise ServerError(f"{self.name} on {self.address} is already running")
        require_free(self.port, self.name)
        self.directory.mkdir(parents=True, exist_ok=True)
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        self._process = self._spawn()
        try:
            self.wait_ready(self._check, self._timeout_s)
        except BaseException:
            self.kill()
            raise
        return self

    def wait_ready(self, check: Callable[[], bool], timeout_s: float) -> None:
        """Return once `check()` is True. Raises ServerError when the process ends or `timeout_s` seconds pass."""
        deadline = time.monotonic() + timeout_s
        while not check():
            code = self._started().poll()
            if code is not None:
                raise ServerError(f"{self.name} on {self.address} ended with exit code {code}{self.tail()}")
            if time.monotonic() > deadline:
                raise ServerError(f"{self.name} on {self.address} does not answer after {timeout_s:g} s{self.tail()}")
            time.sleep(POLL_S)

    def stop(self, grace_s: float = 10.0) -> None:
        """Send SIGTERM, and SIGKILL after `grace_s` seconds. Does nothing when the server has ended."""
        if self._process is None:
            return
        self._process.terminate()
        self.resume()  # a paused process does not handle SIGTERM
        try:
            self._process.wait(grace_s)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Send SIGKILL and return when the process is gone. Does nothing when the server has ended."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def pause(self) -> None:
        """Freeze the server (SIGSTOP): connections stay open without responses."""
        self._started().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Continue after `pause` (SIGCONT)."""
        self._started().send_signal(signal.SIGCONT)

    def restart(self) -> Self:
        """Stop the server if it runs, and start it on the same port and directory."""
        self.stop()
        return self.start()

    def _spawn(self) -> Process:
        return spawn(self.command, log=self.log, directory=self.directory)

    def _started(self) -> Process:
        if self._process is None:
            raise ServerError(f"{self.name} on {self.address} has not been started")
        return self._process

    def tail(self) -> str:
        """Return the last lines of the log since the last start, as the end of a sentence."""
        written = self.log.read_bytes()[self._log_start :].decode(errors="replace").splitlines()
        return "; its last lines:\n" + "\n".join(written[-LOG_LINES:]) if written else "; its log is empty"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
