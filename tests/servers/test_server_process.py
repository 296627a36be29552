import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
from server_kit import gone, wait_until

from bordertally.agents.servers.errors import ServerError
from bordertally.agents.servers.ports import free_port
from bordertally.agents.servers.process import Server

LISTEN = """
import signal, socket, sys
{before}
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    while True:
        server.accept()[0].close()
"""


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1.0).close()
    except OSError:
        return False
    return True


def server(directory: Path, before: str = "", timeout_s: float = 10.0) -> Server:
    port = free_port()
    command = [sys.executable, "-c", LISTEN.format(before=before), str(port)]
    return Server("listener", command, port=port, directory=directory, check=lambda: accepts(port), timeout_s=timeout_s)


def test_a_started_server_answers_and_a_stopped_one_is_gone(tmp_path: Path) -> None:
    with server(tmp_path).start() as started:
        assert started.running
        assert accepts(started.port)
        assert started.address == f"127.0.0.1:{started.port}"
        assert os.getsid(started.pid) == started.pid
    assert gone(started.pid)
    assert not started.running
    started.stop()
    started.kill()


def test_it_restarts_on_its_port_after_kill_and_keeps_the_log(tmp_path: Path) -> None:
    with server(tmp_path, before="print('hello', flush=True)").start() as started:
        first = started.pid
        started.kill()
        assert gone(first)
        assert started.start().pid != first
        started.restart()
        assert accepts(started.port)
    assert started.log.read_text() == "hello\n" * 3


def test_a_server_is_not_started_twice(tmp_path: Path) -> None:
    with server(tmp_path).start() as started, pytest.raises(ServerError, match="already running"):
        started.start()


def test_one_that_ignores_sigterm_is_killed_after_its_grace(tmp_path: Path) -> None:
    stubborn = server(tmp_path, before="signal.signal(signal.SIGTERM, signal.SIG_IGN)").start()
    stubborn.stop(grace_s=0.1)
    assert gone(stubborn.pid)


def test_a_paused_server_does_not_run_until_resumed_and_can_be_stopped(tmp_path: Path) -> None:
    started = server(tmp_path).start()
    stat = Path(f"/proc/{started.pid}/stat")
    started.pause()
    wait_until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", "it is paused")
    started.resume()
    wait_until(lambda: stat.read_text().rpartition(")")[2].split()[0] != "T", "it runs")
    started.pause()
    started.stop()
    assert started._process is not None
    assert started._process.poll() == -signal.SIGTERM


def test_one_that_ends_is_reported_with_its_last_lines(tmp_path: Path) -> None:
    broken = server(tmp_path, before="sys.exit('no such setting')")
    with pytest.raises(ServerError, match=r"(?s)^listener on 127.* ended with exit code 1; .*no such setting"):
        broken.start()


def test_one_that_does_not_answer_is_reported_and_killed(tmp_path: Path) -> None:
    silent = server(tmp_path, before="signal.pause()", timeout_s=0.2)
    with pytest.raises(ServerError, match=r"does not answer after 0.2 s; its log is empty$"):
        silent.start()
    assert gone(silent.pid)


def test_a_program_that_does_not_exist_is_named(tmp_path: Path) -> None:
    port = free_port()
    absent = Server("absent", ["/no/such/program"], port=port, directory=tmp_path, check=lambda: accepts(port))
    with pytest.raises(ServerError, match=r"(?s)exit code 127; .*cannot start /no/such/program: No such file"):
        absent.start()


def test_one_that_was_never_started_says_so(tmp_path: Path) -> None:
    idle = server(tmp_path)
    idle.stop()
    with pytest.raises(ServerError, match="has not been started"):
        _ = idle.pid


def test_a_server_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    started = server(tmp_path)
    thread = threading.Thread(target=started.start)
    thread.start()
    thread.join()
    with started:
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            assert started.running
            time.sleep(0.02)
        assert accepts(started.port)


PARENT = """
import asyncio, pathlib, sys
from bordertally.agents.servers.{module} import {start} as start
async def main():
    server = await asyncio.to_thread(start, None, pathlib.Path(sys.argv[1]))
    print(server.pid, flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""


@pytest.mark.parametrize(("module", "start"), [("redis", "start_redis"), ("tansu", "start_tansu")])
def test_no_orphan_remains_of_a_parent_killed_with_kill_9(tmp_path: Path, module: str, start: str) -> None:
    script = textwrap.dedent(PARENT.format(module=module, start=start))
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", script, str(tmp_path)], stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert not gone(pid)
        parent.kill()
    wait_until(lambda: gone(pid), "the server ended with its parent")
