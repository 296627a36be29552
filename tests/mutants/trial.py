"""A copy of the tree in which mutants are tried, one at a time."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

from mutants.mutation import Mutant, mutated
from mutants.visibility import Visibility

CPU_S = (120, 300, 1800)
"""Seconds of CPU that the tests of a stage may take: a mutant that takes longer goes round for ever, and is noticed."""

STILL_S = 900
"""Seconds for which a test may wait for something that a mutant never does: much longer than any takes by itself."""

NO_TESTS = 5
"""The exit code of pytest where it found no tests."""

_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


class Verdict(NamedTuple):
    """What became of a mutant. `by`: the test that noticed it; empty where none did."""

    killed: bool
    by: str
    seconds: float


class UnreliableTestsError(Exception):
    """Tests fail without any fault: nothing they say of a mutant means anything."""


def copied(root: Path, to: Path) -> Path:
    """A copy of what git knows of a tree, and of what it would add."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (root / name).exists() or (root / name).is_symlink():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, to / name, follow_symlinks=False)
    return to


class Trial:
    """Tries mutants in a copy of the tree. `options`: more of them for pytest."""

    def __init__(self, copy: Path, options: Sequence[str] = ()) -> None:
        self.copy, self.options = copy, options
        self.visibility = Visibility(copy)

    def check(self, tests: Sequence[str]) -> None:
        """Run tests without any mutant. Raises UnreliableTestsError."""
        code, output = self._run(tests, CPU_S[-1])
        if code != 0:
            raise UnreliableTestsError(output[-4_000:])

    def verdict(self, mutant: Mutant) -> Verdict:
        """Run the tests that can see the module of a mutant, nearest first, until one fails."""
        path = self.copy / mutant.path
        source, begun = path.read_text(), time.monotonic()
        path.write_text(mutated(source, mutant))
        try:
            for number, tests in enumerate(self.visibility.tests_of(mutant.path)):
                code, output = self._run(tests, CPU_S[number])
                if code not in (0, NO_TESTS):
                    return Verdict(True, _noticed_by(code, output), time.monotonic() - begun)
        finally:
            path.write_text(source)
        return Verdict(False, "", time.monotonic() - begun)

    def _run(self, tests: Sequence[str], cpu_s: int) -> tuple[int, str]:
        """The exit code of pytest, negative where a signal ended it, and what it printed."""
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", f"--timeout={STILL_S}"]
        environment = {**os.environ, "PYTHONPATH": str(self.copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
        process = subprocess.Popen(
            [*command, *self.options, *tests],
            cwd=self.copy,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=partial(resource.setrlimit, resource.RLIMIT_CPU, (cpu_s, cpu_s + 5)),  # noqa: PLW1509 - no threads
        )
        try:
            output, _ = process.communicate()
        finally:
            with suppress(ProcessLookupError):  # whatever a mutant left running
                os.killpg(process.pid, signal.SIGKILL)
        return process.returncode, output


def _noticed_by(code: int, output: str) -> str:
    failed = _FAILED.search(output)
    if failed is not None:
        return failed[1]
    return f"signal {-code}: it took too long" if code < 0 else f"pytest ended with {code}"
