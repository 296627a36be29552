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
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import NamedTuple

import msgspec

from mutants.mutation import Mutant, mutated
from mutants.reach import mark, reached
from mutants.survey import Selected, Survey, Surveyed
from mutants.visibility import Visibility
from mutants.warm import Run

STAGES = (OWN, BESIDE, FAR) = range(3)
"""The tests of a mutant: that of its module, those of its folder, and all others that import its module."""

CPU_S = (120, 300, 1800)
"""The CPU seconds allowed to the tests of each stage. A mutant that needs more loops for ever, and counts as killed."""

STILL_S = (120, 120, 900)
"""The seconds that one test of each stage may take, waiting included; much longer than any takes without a mutant."""

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
        self.survey: Survey | None = None
        """Which far tests run which mutants, if that is known."""

    def __exit__(self, *_: object) -> None:
        self._warm.communicate()

    @contextmanager
    def recording(self, mutants: Sequence[Mutant]) -> Iterator[None]:
        """Record which test functions run which mutants, until the context is left."""
        sources = {path: (self.copy / path).read_text() for path in {mutant.path for mutant in mutants}}
        mark(self.copy, mutants, self._log)
        self.compile()
        try:
            yield
        finally:
            for path, source in sources.items():
                (self.copy / path).write_text(source)
            self.compile()

    @property
    def _log(self) -> Path:
        return self.copy / "reached.tsv"

    def surveyed(self, file: str) -> Surveyed:
        """Run a test file without a mutant while this trial is recording."""
        self._log.unlink(missing_ok=True)
        begun = time.monotonic()
        code, output = self._run([file], to_the_end=True)
        seconds, run = time.monotonic() - begun, reached(self._log)
        failed = set(_FAILED.findall(output))
        unreliable = [test for test in sorted(failed) if "::" not in test or self._run([test])[0] != 0]
        return Surveyed(file, seconds, run, unreliable if code in (0, 1, NO_TESTS) else [file])

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
            by = self._noticed_by(self._stages(mutant, stages))
        finally:
            path.write_text(source)
        if by is not None:
            self._check(by)
        return Verdict(by is not None, by or "", time.monotonic() - begun)

    def _stages(self, mutant: Mutant, stages: Container[int]) -> Iterator[tuple[int, Selected]]:
        """The tests of these stages."""
        for stage, files in enumerate(self.visibility.tests_of(mutant.path)):
            if stage in stages:
                known = self.survey if stage == FAR else None
                yield stage, known.selected(mutant, files) if known else Selected(files)

    def _noticed_by(self, stages: Iterable[tuple[int, Selected]]) -> str | None:
        for stage, selected in stages:
            if selected.files:
                code, output = self._run(selected.files, stage, selected)
                if code not in (0, NO_TESTS):
                    return _witness(code, output)
        return None

    def _check(self, witness: str) -> None:
        """Run a test once without a mutant, if pytest named it."""
        if "::" in witness and witness not in self._reliable:
            code, output = self._run([witness])
            if code != 0:
                raise UnreliableTestsError(f"{witness} fails without a mutant, too:\n{output[-4_000:]}")
            self._reliable.add(witness)

    def _run(
        self, tests: Sequence[str], stage: int = FAR, selected: Selected | None = None, *, to_the_end: bool = False
    ) -> tuple[int, str]:
        """The exit code of pytest, negative after a signal, and its output."""
        arguments = ["-q", f"--timeout={STILL_S[stage]}", REWRITTEN, *(f"-p{name}" for name in NEEDLESS)]
        arguments += [*([] if to_the_end else ["-x"]), *self.options, *tests]
        first, without = (selected.first, selected.without) if selected else (frozenset[str](), frozenset[str]())
        with tempfile.NamedTemporaryFile() as output:
            assert self._warm.stdin is not None
            assert self._warm.stdout is not None
            wanted = Run(arguments, str(self.copy), CPU_S[stage], output.name, first, without)
            self._warm.stdin.write(msgspec.json.encode(wanted) + b"\n")
            self._warm.stdin.flush()
            code = int(self._warm.stdout.readline())
            return code, Path(output.name).read_text(errors="replace")


def _witness(code: int, output: str) -> str:
    failed = _FAILED.search(output)
    if failed is not None:
        return failed[1]
    return f"signal {-code}: it took too long" if code < 0 else f"pytest ended with {code}"
