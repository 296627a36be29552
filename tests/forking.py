"""The command `bordertally` in processes forked from one that has imported everything: starting one costs no imports.

`python forking.py` is that process. It is told what to run by lines of JSON, and answers each with one. What it forks
has arguments, environment, directory, input and output of its own, and lives and dies as a user's command does. How
that one starts, `-m bordertally.agents.cli.main` and the installed script, is for test_cli.py, test_help.py and
test_archives.py.
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from bordertally import agents
from bordertally.agents.servers.launch import die_with_parent
from bordertally.agents.servers.process import Server

OTHERS = ("bordertally.agents.worker.app", "bordertally.agents.cli.pages", "bordertally.agents.terminal.plot")
"""Not to be imported before: what reads the environment at once, and what hardly any command needs."""


class Forked:
    """A process like a `subprocess.Popen`."""

    def __init__(self, forks: Forks, pid: int) -> None:
        self.pid = pid
        self._forks = forks
        self._code: int | None = None
        self._turn = threading.Lock()

    def poll(self) -> int | None:
        """How it ended, negative for a signal; None while it runs."""
        with self._turn:
            if self._code is None:
                self._code = self._forks.ask({"poll": self.pid})
            return self._code

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; TimeoutExpired when it does not come."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            self._until_its_end(left)
        return code

    def _until_its_end(self, seconds: float | None) -> None:
        try:
            process = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        try:
            waiting = select.poll()
            waiting.register(process, select.POLLIN)
            waiting.poll(None if seconds is None else seconds * 1000)
        finally:
            os.close(process)

    def send_signal(self, sig: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, sig)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


class Forks:
    """The process that the others are forked from; they end with it, and it with this one."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=dict(os.environ),  # without the COLUMNS that readline, which pytest imports, adds to what is inherited
        )

    def start(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        directory: Path,
        outputs: tuple[Path, Path],
        given: Path = Path(os.devnull),
    ) -> Forked:
        """Run `bordertally ARGUMENTS`, reading the file `given`, adding to those of its `outputs` and errors."""
        for output in outputs:
            output.touch()
        files = [str(path.absolute()) for path in (given, *outputs)]
        order = {"arguments": list(arguments), "environment": dict(environment), "at": str(directory), "files": files}
        return Forked(self, self.ask(order))

    def ask(self, request: dict[str, Any]) -> Any:
        """One line there, one back."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._turn:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End it and all that it has forked."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


@functools.cache
def shared() -> Forks:
    """That of this run of the tests."""
    forks = Forks()
    atexit.register(forks.close)
    return forks


class ForkedServer(Server):
    """`bordertally worker` or `gateway` as a server; a restart is another fork."""

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        port: int,
        directory: Path,
        name: str = "",
        check: Callable[[], bool] = lambda: True,
        timeout_s: float = 30.0,
    ) -> None:
        super().__init__(
            name or arguments[0], arguments, port=port, directory=directory, check=check, timeout_s=timeout_s
        )
        self._environment = environment

    def _spawn(self) -> Forked:
        whole = os.environ | self._environment
        return shared().start(self.command, whole, self.directory, (self.log, self.log))


def run(
    *arguments: str, given: str = "", environment: Mapping[str, str] | None = None, timeout_s: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run `bordertally ARGUMENTS` with `given` on its input to its end, as `subprocess.run` does."""
    with tempfile.TemporaryDirectory() as name:
        read, out, err = (Path(name) / stream for stream in ("in", "out", "err"))
        read.write_text(given, encoding="utf-8")
        process = shared().start(arguments, os.environ | (environment or {}), Path.cwd(), (out, err), read)
        try:
            code = process.wait(timeout_s)
        except BaseException:
            process.kill()
            raise
        return subprocess.CompletedProcess(
            arguments, code, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8")
        )


def main() -> None:
    """Fork until there are no more orders, then end those that still run."""
    names = [
        package.name
        for package in pkgutil.walk_packages(agents.__path__, "bordertally.agents.")
        if package.name not in OTHERS
    ]
    for name in (*names, "faust.transport.drivers.aiokafka", "redis.asyncio"):
        importlib.import_module(name)
    assert threading.active_count() == 1, "a fork has no threads but the one that forks"
    gc.collect()
    gc.freeze()  # what is shared with all that are forked is not to be copied by collections
    running: set[int] = set()
    for line in sys.stdin:
        order = json.loads(line)
        if "poll" in order:
            done, status = os.waitpid(order["poll"], os.WNOHANG) if order["poll"] in running else (0, 0)
            running.discard(done)
            answer = os.waitstatus_to_exitcode(status) if done else None
        else:
            here = os.getpid()
            answer = os.fork()
            if not answer:
                _become(order, here)
            running.add(answer)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    for pid in running:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _become(order: dict[str, Any], parent: int) -> NoReturn:
    """In the child: the command itself, to its end.

    Python would then free all that the child shares with the process it was forked from, which takes longer than most
    commands. What the command has made is collected, so that what it has left open is complained of.
    """
    from bordertally.agents.cli import entry  # noqa: PLC0415 - they are there already
    from bordertally.agents.kafka import crash_points  # noqa: PLC0415 - they are there already

    die_with_parent(parent)
    os.setsid()
    os.chdir(order["at"])
    given, out, err = order["files"]
    adding = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    for number, target in ((os.open(given, os.O_RDONLY), 0), (os.open(out, adding), 1), (os.open(err, adding), 2)):
        os.dup2(number, target)
        os.close(number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - what the other one has read ahead is not for it
    os.environ.clear()
    os.environ.update(order["environment"])
    importlib.reload(crash_points)  # it looks at the environment once
    if clock := os.environ.get("FAKE_CLOCK"):
        _follow(Path(clock))
    sys.argv = ["bordertally", *order["arguments"]]
    sys.path[0] = order["at"]
    code = _code_of(entry.main)
    gc.collect()
    threading._shutdown()  # type: ignore[attr-defined] # as Python does
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _code_of(command: Callable[[], None]) -> int:
    """The exit code of a process that runs this command, as Python determines it."""
    try:
        command()
    except SystemExit as done:
        if done.code is None or isinstance(done.code, int):
            return done.code or 0
        sys.stderr.write(f"{done.code}\n")
        return 1
    except BaseException as error:  # noqa: BLE001 - whatever it is, Python prints it
        sys.excepthook(type(error), error, error.__traceback__)
        return 1
    return 0


def _follow(clock: Path) -> None:
    """Let this process think that the time is later by as many seconds as the file says at the moment."""
    right = time.time

    def wrong() -> float:
        try:
            return right() + float(clock.read_text(encoding="utf-8") or 0)
        except OSError:
            return right()

    time.time = wrong


if __name__ == "__main__":
    main()
