"""Try mutants: `python -m mutants --seed 1 --number 100`. A later run of the same code and seed resumes."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from functools import partial
from hashlib import sha256
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

import msgspec
from rich.console import Console

from mutants.mutation import Mutant, chosen, diff_of, sources_of
from mutants.survey import Survey, Surveyed
from mutants.trial import FAR, STAGES, Trial, Verdict, copied

FOLDERS = ("streams", "agents")
SPARED = ("agents/demo/", "agents/servers/")
"""Modules that only tests with servers run: the sample, and the start of servers."""

GOALS = {"streams": 0.95, "agents": 0.9}
"""The share of mutants that quick tests should kill."""

STAGE_NAMES = ("own test", "tests beside", "all tests")

FEW = 5
"""Mutants that are tried without a survey before: it takes as long as a few survivors."""

T = TypeVar("T")
R = TypeVar("R")

console = Console(highlight=False, markup=False, soft_wrap=True)


class Tried(msgspec.Struct):
    """A mutant and its verdict, one line of the log.

    `tests`: the digest of the tests at that time. `stage`: the last stage that was tried; a later one may follow.
    """

    mutant: Mutant
    verdict: Verdict
    tests: str = ""
    stage: int = FAR

    def stands(self, tests: str) -> bool:
        """Whether the verdict is still valid: a kill always is, a survivor is only until the tests change."""
        return self.verdict.killed or self.tests == tests

    @property
    def decided(self) -> bool:
        """Whether no further stage can change the verdict."""
        return self.verdict.killed or self.stage == FAR


def digest_of(root: Path, folders: Iterable[str]) -> str:
    """A digest of the modules below some folders of a tree, without those of this package."""
    hashed = sha256()
    for path, source in sources_of(root, folders).items():
        if not path.startswith("tests/mutants/"):
            hashed.update(f"{path}\n{source}\n".encode())
    return hashed.hexdigest()[:12]


def lines_of(log: Path, kind: type[T]) -> list[T]:
    """The lines of a log; empty when there is no log yet. A last line that was cut off is left out."""
    lines = log.read_bytes().splitlines(keepends=True) if log.exists() else []
    return [msgspec.json.decode(line, type=kind) for line in lines if line.endswith(b"\n")]


def append(log: Path, line: msgspec.Struct) -> None:
    """Add a line to a log."""
    with log.open("ab") as lines:
        lines.write(msgspec.json.encode(line) + b"\n")


class Trials(ExitStack):
    """Trials in copies of a tree, which work side by side."""

    def __init__(self, root: Path, number: int) -> None:
        super().__init__()
        directory = Path(self.enter_context(tempfile.TemporaryDirectory(prefix="mutants-")))
        copies = [copied(root, directory / str(number)) for number in range(number)]
        self.all = [self.enter_context(Trial(copy)) for copy in copies]
        for trial in self.all:
            trial.compile()

    def spread(self, work: Callable[[Trial, T], R], tasks: Iterable[T]) -> Iterator[tuple[T, R]]:
        """Each task with its result, as soon as a trial is done with it."""
        idle: SimpleQueue[Trial] = SimpleQueue()
        for trial in self.all:
            idle.put(trial)

        def done(task: T) -> R:
            trial = idle.get()
            try:
                return work(trial, task)
            finally:
                idle.put(trial)

        with ThreadPoolExecutor(len(self.all)) as threads:
            futures = {threads.submit(done, task): task for task in tasks}
            try:
                for future in as_completed(futures):
                    yield futures[future], future.result()
            finally:
                threads.shutdown(cancel_futures=True)


def report(tried: list[Tried], sources: dict[str, str]) -> bool:
    """Print the kills by folder and the diff of each survivor; returns whether the goals are met."""
    by_folder: dict[str, list[bool]] = defaultdict(list)
    by_root: dict[str, list[bool]] = defaultdict(list)
    for mutant in tried:
        by_folder["/".join(Path(mutant.mutant.path).parent.parts[:2])].append(mutant.verdict.killed)
        by_root[Path(mutant.mutant.path).parts[0]].append(mutant.verdict.killed)
    console.print("\nkilled of tried")
    for folder, killed in sorted(by_folder.items()):
        console.print(f"  {folder:28}{sum(killed):4} of {len(killed)}")
    for root, killed in sorted(by_root.items()):
        share = sum(killed) / len(killed)
        console.print(f"  {root:28}{sum(killed):4} of {len(killed)}: {share:.0%}, the goal is {GOALS[root]:.0%}")
    for mutant in tried:
        if not mutant.verdict.killed:
            console.print(f"\nsurvived: {mutant.mutant.path}:{mutant.mutant.line}, {mutant.mutant.kind}")
            console.print(diff_of(sources[mutant.mutant.path], mutant.mutant))
    return all(sum(killed) >= GOALS[root] * len(killed) for root, killed in by_root.items())


def survey(trials: Trials, mutants: Sequence[Mutant], log: Path) -> list[Surveyed]:
    """Run every quick test file that `log` does not know yet, once and without a mutant."""
    surveyed = lines_of(log, Surveyed)
    files = trials.all[0].visibility.quick_tests()
    due = sorted(set(files) - {known.file for known in surveyed})
    console.print(f"survey: {len(due)} of {len(files)} test files to run once, to see which tests run which mutant")
    with ExitStack() as recording:
        for trial in trials.all if due else []:
            recording.enter_context(trial.recording(mutants))
        for number, (file, result) in enumerate(trials.spread(Trial.surveyed, due), 1):
            append(log, result)
            surveyed.append(result)
            unreliable = f"; fails without a mutant: {', '.join(result.unreliable)}" if result.unreliable else ""
            console.print(f"survey {number}/{len(due)}: {file} ({result.seconds:.0f} s){unreliable}")
    return surveyed


def main(root: Path) -> int:
    """Try mutants of the tree at `root`; returns 0 when the goals are met."""
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--number", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2, help="mutants that are tried side by side")
    parser.add_argument("--only", default="", help="only modules whose path begins so, such as streams/ledger")
    options = parser.parse_args()
    sources = sources_of(root, FOLDERS)
    sources = {
        path: text for path, text in sources.items() if path.startswith(options.only) and not path.startswith(SPARED)
    }
    every = chosen(sources, options.seed, options.number)
    code, tests = digest_of(root, FOLDERS), digest_of(root, ["tests"])
    logs = root / ".cache" / "mutants"
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{options.seed}-{code}.jsonl"
    known = {tried.mutant: tried for tried in lines_of(log, Tried) if tried.stands(tests)}
    due = [mutant for mutant in every if mutant not in known or not known[mutant].decided]
    console.print(f"{len(due)} of {len(every)} to try")
    with Trials(root, options.jobs) as trials:
        for stage in STAGES:
            due = [mutant for mutant in every if mutant not in known or not known[mutant].decided]
            due = [mutant for mutant in due if mutant not in known or known[mutant].stage < stage]
            if stage == FAR and len(due) > FEW:
                drawn = sha256(msgspec.json.encode(every)).hexdigest()[:12]
                surveyed = survey(trials, every, logs / f"survey-{code}-{tests}-{drawn}.jsonl")
                for trial in trials.all:
                    trial.survey = Survey(surveyed, every, sources)
            tries = trials.spread(partial(Trial.verdict, stages=[stage]), due)
            for number, (mutant, verdict) in enumerate(tries, 1):
                known[mutant] = Tried(mutant, verdict, tests, stage)
                append(log, known[mutant])
                result = f"killed by {verdict.by}" if verdict.killed else ("SURVIVED" if stage == FAR else "survives")
                place = f"{mutant.path}:{mutant.line}, {mutant.kind}"
                console.print(f"{STAGE_NAMES[stage]} {number}/{len(due)}: {place}: {result} ({verdict.seconds:.0f} s)")
    return 0 if report([known[mutant] for mutant in every], sources) else 1


if __name__ == "__main__":
    sys.exit(main(Path.cwd()))
