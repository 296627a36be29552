"""Runs the quick tests against one mutant at a time, in a copy of the tree."""

from __future__ import annotations

import compileall
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import NamedTuple

from mutants.mutation import Mutant, mutated
from mutants.reach import mark, reached
from mutants.visibility import Visibility

CPU_S = (120, 300, 1800)
"""The CPU seconds allowed to the tests of a stage. A mutant that needs more loops for ever, and counts as killed."""

STILL_S = 900
"""The seconds that one test may take, waiting included; much longer than any test takes without a mutant."""

SURVEY_CPU_S = 7200
"""The CPU seconds allowed to the survey: every quick test once."""

NEEDLESS = ("no:cacheprovider", "no:schemathesis", "no:xdist")
"""Plugins of pytest that no quick test needs, and that take seconds to load."""

NO_TESTS = 5
"""The exit code of pytest when it found no tests."""

_FAILED = re.compile(r"^(?:FAILED|ERROR) ([^\s\[]+)", re.MULTILINE)


class Verdict(NamedTuple):
    """The result for a mutant. `by`: the test that failed; empty for a survivor."""

    killed: bool
    by: str
    seconds: float


class UnreliableTestsError(Exception):
    """A test fails without a mutant too, so its failure proves nothing."""


def copied(root: Path, to: Path) -> Path:
    """Copy the files that git tracks or would add; returns the copy."""
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
    """Tries mutants in a copy of the tree. `options`: further options for pytest."""

    def __init__(self, copy: Path, options: Sequence[str] = ()) -> None:
        self.copy, self.options = copy, options
        self.visibility = Visibility(copy)
        self._reliable: set[str] = set()
        self._unreliable: set[str] | None = None  # not known before a survey
        self.files: Mapping[Mutant, frozenset[str] | None] = {}
        """The test files that run each mutant, as far as a survey says."""

    def survey(self, mutants: Sequence[Mutant]) -> dict[Mutant, frozenset[str] | None]:
        """Run the quick tests once, to see which files run which mutants: the files that need to be tried.

        A file that sees only what another file has cached is missed; so a fault may survive wrongly, and none is
        killed wrongly. Empty where the run does not end.
        """
        sources = {path: (self.copy / path).read_text() for path in {mutant.path for mutant in mutants}}
        tests = {file for path in sources for stage in self.visibility.tests_of(path) for file in stage}
        log = self.copy / "reached.tsv"
        mark(self.copy, mutants, log)
        try:
            code, output = self._run(sorted(tests), SURVEY_CPU_S, to_the_end=True)
        finally:
            for path, source in sources.items():
                (self.copy / path).write_text(source)
        if code not in (0, 1):
            return {}
        self._unreliable = set(_FAILED.findall(output))
        return reached(mutants, sources, log)

    def compile(self) -> None:
        """Compile the copy, so that modules without a fault load fast; each is compiled anew when its text differs."""
        for folder in ("streams", "agents"):
            compileall.compile_dir(
                self.copy / "src/bordertally" / folder,
                quiet=2,
                force=True,
                invalidation_mode=PycInvalidationMode.CHECKED_HASH,
            )

    def verdict(self, mutant: Mutant) -> Verdict:
        """Run the tests that import the mutated module, stage by stage, until one fails.

        Raises UnreliableTestsError when that test fails without the mutant too.
        """
        path, begun = self.copy / mutant.path, time.monotonic()
        source = path.read_text()
        path.write_text(mutated(source, mutant))
        try:
            by = self._noticed_by(self._stages(mutant))
        finally:
            path.write_text(source)
        if by is not None:
            self._check(by)
        return Verdict(by is not None, by or "", time.monotonic() - begun)

    def _stages(self, mutant: Mutant) -> list[list[str]]:
        files = self.files.get(mutant)
        stages = self.visibility.tests_of(mutant.path)
        return [[file for file in stage if files is None or file in files] for stage in stages]

    def _noticed_by(self, stages: Sequence[Sequence[str]]) -> str | None:
        for tests, cpu_s in zip(stages, CPU_S, strict=False):
            if not tests:
                continue
            code, output = self._run(tests, cpu_s)
            if code not in (0, NO_TESTS):
                return _witness(code, output)
        return None

    def _check(self, witness: str) -> None:
        """Run a test once without a mutant, if pytest named it and the survey does not know that it passes."""
        if self._unreliable is not None and witness not in self._unreliable:
            return
        if "::" in witness and witness not in self._reliable:
            code, output = self._run([witness], CPU_S[-1])
            if code != 0:
                raise UnreliableTestsError(f"{witness} fails without a mutant, too:\n{output[-4_000:]}")
            self._reliable.add(witness)

    def _run(self, tests: Sequence[str], cpu_s: int, *, to_the_end: bool = False) -> tuple[int, str]:
        """The exit code of pytest, negative after a signal, and its output."""
        command = [sys.executable, "-m", "pytest", "-q", f"--timeout={STILL_S}", *(f"-p{name}" for name in NEEDLESS)]
        command += [] if to_the_end else ["-x"]
        environment = {**os.environ, "PYTHONPATH": str(self.copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
        with tempfile.TemporaryFile("w+") as output:  # a process left behind would keep a pipe open
            process = subprocess.Popen(
                [*command, *self.options, *tests],
                cwd=self.copy,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=partial(resource.setrlimit, resource.RLIMIT_CPU, (cpu_s, cpu_s + 5)),  # noqa: PLW1509 - no threads
            )
            try:
                process.wait()
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            output.seek(0)
            return process.returncode, output.read()


def _witness(code: int, output: str) -> str:
    failed = _FAILED.search(output)
    if failed is not None:
        return failed[1]
    return f"signal {-code}: it took too long" if code < 0 else f"pytest ended with {code}"
