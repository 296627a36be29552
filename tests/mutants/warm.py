"""Runs pytest again and again, each time in a fork of one process that has loaded the packages of others once.

Reads a `Run` as JSON from each line of its input, and answers each with a line: the exit code, negative after a signal.
"""

from __future__ import annotations

import importlib
import os
import resource
import signal
import sys
from contextlib import suppress
from typing import NoReturn

import msgspec
import pytest

from mutants.reach import RECORDER

PACKAGES = (
    *("hypothesis", "hypothesis.strategies", "hypothesis.internal.conjecture.engine"),
    *("aiohttp.web", "aiokafka", "babel", "countryguess", "faust", "prometheus_client", "pydantic_settings"),
    *("redis", "rich.console", "typer", "xml.etree.ElementTree"),
)
"""What most tests import, of others: to load it takes three seconds."""


class Run(msgspec.Struct):
    """Arguments of pytest, the folder to run it in, the CPU seconds allowed, and the file for its output.

    `first` names the test functions to run before all others, `without` those to leave out.
    """

    arguments: list[str]
    folder: str
    cpu_s: int
    output: str
    first: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()


class Selection:
    """A plugin of pytest: the order of the tests, and a recorder that hears when a test begins."""

    def __init__(self, wanted: Run) -> None:
        self._first, self._without = wanted.first, wanted.without

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Put the tests of `first` before the others, and leave out those of `without`."""
        named = [(item.nodeid.partition("[")[0], item) for item in items]
        kept = [(name not in self._first, item) for name, item in named if name not in self._without]
        items[:] = [item for _, item in sorted(kept, key=lambda pair: pair[0])]

    def pytest_runtest_logstart(self) -> None:
        """Record again what the next test runs."""
        recorder = sys.modules.get(RECORDER)
        if recorder is not None:
            recorder.seen.clear()


def run(wanted: Run) -> int:
    """The exit code of pytest, in a process of its own; what that process has left behind is ended."""
    child = os.fork()
    if child == 0:
        _test(wanted)
    _, status = os.waitpid(child, 0)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(status)


def _test(wanted: Run) -> NoReturn:
    os.setsid()
    resource.setrlimit(resource.RLIMIT_CPU, (wanted.cpu_s, wanted.cpu_s + 5))
    output = os.open(wanted.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(wanted.folder)
    sys.path[:0] = [f"{wanted.folder}/src", wanted.folder]
    code = 2
    try:
        code = int(pytest.main(wanted.arguments, plugins=[Selection(wanted)]))
    finally:
        sys.stdout.flush()
        os._exit(code)


def main() -> None:
    """Serve runs until the input ends."""
    for package in PACKAGES:
        with suppress(ImportError):
            importlib.import_module(package)
    for line in sys.stdin.buffer:
        print(run(msgspec.json.decode(line, type=Run)), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
