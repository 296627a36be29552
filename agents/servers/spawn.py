"""Starts child processes that end with this process, even when it is killed with kill -9.

The kernel ties a child to the *thread* that started it, not to the process: a server started in a worker thread
(`asyncio.to_thread`) would be killed when that thread ends. So one thread, which lives as long as the process, starts
all children.
"""

import functools
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launch.py")

_Order = tuple[Sequence[str], Path, Path, "Future[subprocess.Popen[bytes]]"]


def tied(command: Sequence[str]) -> list[str]:
    """Return the command that runs `command` and is killed when the thread that starts it ends."""
    return [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), *command]


def spawn(command: Sequence[str], *, log: Path, directory: Path) -> "subprocess.Popen[bytes]":
    """Start `command` in `directory` and in its own session; append its output to `log`.

    May be called from any thread. A missing program shows as exit code 127 and a line in `log`. Raises OSError when the
    log cannot be written or no process can be created.
    """
    started: Future[subprocess.Popen[bytes]] = Future()
    _starter(os.getpid()).put((command, log, directory, started))
    return started.result()


@functools.cache
def _starter(_pid: int) -> "queue.SimpleQueue[_Order]":
    """Return the queue of the starting thread; one for each process, as a fork does not copy threads."""
    orders: queue.SimpleQueue[_Order] = queue.SimpleQueue()
    threading.Thread(target=_serve, args=(orders,), name="server-starter", daemon=True).start()
    return orders


def _serve(orders: "queue.SimpleQueue[_Order]") -> None:
    while True:
        command, log, directory, started = orders.get()
        try:
            with log.open("ab") as output:
                process = subprocess.Popen(  # noqa: S603  # commands are ours, no shell
                    tied(command),
                    cwd=directory,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError as error:
            started.set_exception(error)
        else:
            started.set_result(process)
