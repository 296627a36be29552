"""Try mutants: `python -m mutants --seed 1 --number 100`. A later run of the same code and seed resumes."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import msgspec
from rich.console import Console

from mutants.mutation import Mutant, chosen, diff_of, sources_of
from mutants.trial import FAR, STAGES, Trial, Verdict, copied

FOLDERS = ("streams", "agents")
SPARED = ("agents/demo/", "agents/servers/")
"""Modules that only tests with servers run: the sample, and the start of servers."""

GOALS = {"streams": 0.95, "agents": 0.9}
"""The share of mutants that quick tests should kill."""

FEW = 5
"""Mutants that are tried without a survey before: it takes as long as a few survivors."""

console = Console(highlight=False, markup=False, soft_wrap=True)


class Tried(msgspec.Struct):
    """A mutant and its verdict, one line of the log. `tests`: the digest of the tests at that time."""

    mutant: Mutant
    verdict: Verdict
    tests: str = ""

    def stands(self, tests: str) -> bool:
        """Whether the verdict is still valid: a kill always is, a survivor is only until the tests change."""
        return self.verdict.killed or self.tests == tests


def digest_of(root: Path, folders: Iterable[str]) -> str:
    """A digest of the modules below some folders of a tree."""
    hashed = sha256()
    for path, source in sources_of(root, folders).items():
        hashed.update(f"{path}\n{source}\n".encode())
    return hashed.hexdigest()[:12]


def tried_before(log: Path) -> list[Tried]:
    """The lines of a log; empty when there is no log yet."""
    lines = log.read_bytes().splitlines() if log.exists() else []
    return [msgspec.json.decode(line, type=Tried) for line in lines]


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


def main(root: Path) -> int:
    """Try mutants of the tree at `root`; returns 0 when the goals are met."""
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--number", type=int, default=100)
    parser.add_argument("--only", default="", help="only modules whose path begins so, such as streams/ledger")
    options = parser.parse_args()
    sources = sources_of(root, FOLDERS)
    sources = {
        path: text for path, text in sources.items() if path.startswith(options.only) and not path.startswith(SPARED)
    }
    every = chosen(sources, options.seed, options.number)
    log = root / ".cache" / "mutants" / f"{options.seed}-{digest_of(root, FOLDERS)}.jsonl"
    log.parent.mkdir(parents=True, exist_ok=True)
    tests = digest_of(root, ["tests"])
    known = {trial.mutant: trial for trial in tried_before(log)}
    due = [mutant for mutant in every if mutant not in known or not known[mutant].stands(tests)]
    console.print(f"{len(due)} of {len(every)} to try")
    with tempfile.TemporaryDirectory(prefix="mutants-") as directory, Trial(copied(root, Path(directory))) as trial:
        trial.compile()
        for stage in STAGES:
            if stage == FAR and len(due) > FEW:
                console.print(f"{len(due)} left; the other tests run once, to see which of them run which mutant")
                trial.files = trial.survey(due)
                trial.compile()
            left = []
            for mutant in due:
                verdict = trial.verdict(mutant, [stage])
                if verdict.killed or stage == FAR:
                    known[mutant] = Tried(mutant, verdict, tests)
                    with log.open("ab") as lines:
                        lines.write(msgspec.json.encode(known[mutant]) + b"\n")
                    result = f"killed by {verdict.by}" if verdict.killed else "SURVIVED"
                else:
                    left.append(mutant)
                    result = "survives " + ("its own test", "the tests beside it")[stage]
                console.print(f"{mutant.path}:{mutant.line}, {mutant.kind}: {result} ({verdict.seconds:.0f} s)")
            due = left
    return 0 if report([known[mutant] for mutant in every], sources) else 1


if __name__ == "__main__":
    sys.exit(main(Path.cwd()))
