"""Runs the quick tests against one mutant at a time, in a copy of the tree."""

from __future__ import annotations

import compileall
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Container, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import NamedTuple

import msgspec

from mutants.mutation import Mutant, mutated
from mutants.reach import mark, reached
from mutants.visibility import Visibility
from mutants.warm import Run

STAGES = (OWN, BESIDE, FAR) = range(3)
"""The tests of a mutant: that of its module, those of its folder, and all others that import its module."""

CPU_S = (120, 300, 1800)
"""The CPU seconds allowed to the tests of each stage. A mutant that needs more loops for ever, and counts as killed."""

STILL_S = 900
"""The seconds that one test may take, waiting included; much longer than any test takes without a mutant."""

SURVEY_CPU_S = 7200
"""The CPU seconds allowed to the survey, which runs every quick test at most once."""

NEEDLESS = ("no:cacheprovider", "no:schemathesis", "no:xdist")
"""Plugins of pytest that no quick test needs, and that take seconds to load."""

REWRITTEN = "-Wignore::pytest.PytestAssertRewriteWarning"
"""Packages that are loaded before pytest begins keep their assertions as they are."""

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


class Trial(AbstractContextManager["Trial"]):
    """Tries mutants in a copy of the tree, until it is left. `options`: further options for pytest."""

    def __init__(self, copy: Path, options: Sequence[str] = ()) -> None:
        environment = {**os.environ, "PYTHONPATH": f"{copy}/src:{Path(__file__).parents[1]}"}
        self._warm = subprocess.Popen(
            [sys.executable, "-m", "mutants.warm"],
            env={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.copy, self.options = copy, options
        self.visibility = Visibility(copy)
        self._reliable: set[str] = set()
        self._unreliable: set[str] | None = None  # not known before a survey
        self.files: Mapping[Mutant, frozenset[str] | None] = {}
        """The far test files that run each mutant, as far as a survey says."""

    def __exit__(self, *_: object) -> None:
        self._warm.communicate()

    def survey(self, mutants: Sequence[Mutant]) -> dict[Mutant, frozenset[str] | None]:
        """Run the far tests once, to see which files run which mutants: the files that need to be tried.

        A file that sees only what another file has cached is missed; so a fault may survive wrongly, and none is
        killed wrongly. Empty where the run does not end.
        """
        sources = {path: (self.copy / path).read_text() for path in {mutant.path for mutant in mutants}}
        tests = {file for path in sources for file in self.visibility.tests_of(path)[FAR]}
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

    def verdict(self, mutant: Mutant, stages: Container[int] = STAGES) -> Verdict:
        """Run the tests that import the mutated module, stage by stage, until one fails.

        Raises UnreliableTestsError when the test that failed fails without the mutant too.
        """
        path, begun = self.copy / mutant.path, time.monotonic()
        source = path.read_text()
        path.write_text(mutated(source, mutant))
        try:
            by = self._noticed_by(self._tests(mutant, stages))
        finally:
            path.write_text(source)
        if by is not None:
            self._check(by)
        return Verdict(by is not None, by or "", time.monotonic() - begun)

    def _tests(self, mutant: Mutant, stages: Container[int]) -> list[tuple[list[str], int]]:
        """The test files of these stages, and the CPU seconds that each stage may take."""
        own, beside, others = self.visibility.tests_of(mutant.path)
        files = self.files.get(mutant)
        others = [file for file in others if files is None or file in files]
        tests = zip((own, beside, others), CPU_S, strict=True)
        return [each for number, each in enumerate(tests) if number in stages]

    def _noticed_by(self, stages: Sequence[tuple[Sequence[str], int]]) -> str | None:
        for tests, cpu_s in stages:
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
        arguments = ["-q", f"--timeout={STILL_S}", REWRITTEN, *(f"-p{name}" for name in NEEDLESS)]
        arguments += [*([] if to_the_end else ["-x"]), *self.options, *tests]
        with tempfile.NamedTemporaryFile() as output:
            assert self._warm.stdin is not None
            assert self._warm.stdout is not None
            self._warm.stdin.write(msgspec.json.encode(Run(arguments, str(self.copy), cpu_s, output.name)) + b"\n")
            self._warm.stdin.flush()
            code = int(self._warm.stdout.readline())
            return code, Path(output.name).read_text(errors="replace")


def _witness(code: int, output: str) -> str:
    failed = _FAILED.search(output)
    if failed is not None:
        return failed[1]
    return f"signal {-code}: it took too long" if code < 0 else f"pytest ended with {code}"
