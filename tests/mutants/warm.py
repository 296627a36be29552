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

PACKAGES = (
    *("hypothesis", "hypothesis.strategies", "hypothesis.internal.conjecture.engine"),
    *("aiohttp.web", "aiokafka", "babel", "countryguess", "faust", "prometheus_client", "pydantic_settings"),
    *("redis", "rich.console", "typer", "xml.etree.ElementTree"),
)
"""What most tests import, of others: to load it takes three seconds."""


class Run(msgspec.Struct):
    """Arguments of pytest, the folder to run it in, the CPU seconds allowed, and the file for its output."""

    arguments: list[str]
    folder: str
    cpu_s: int
    output: str


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
        code = int(pytest.main(wanted.arguments))
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
