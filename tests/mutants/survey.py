"""The survey: every quick test file is run once, to see which of its tests run which mutants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from mutants.mutation import Mutant
from mutants.reach import runs_on_import


class Surveyed(msgspec.Struct):
    """One test file: the seconds that it takes, and the test functions that run each mutant, by its number.

    An empty name stands for an import of the tests. `unreliable`: the tests that fail without a mutant, too.
    """

    file: str
    seconds: float
    reached: dict[int, list[str]]
    unreliable: list[str] = []


class Selected(NamedTuple):
    """Test files, the test functions to run first, and those to leave out."""

    files: Sequence[str]
    first: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()


class Survey:
    """What is known of all test files. `mutants`: those of the survey, in its order, with the source of each module."""

    def __init__(self, files: Sequence[Surveyed], mutants: Sequence[Mutant], sources: Mapping[str, str]) -> None:
        self._files = {surveyed.file: surveyed for surveyed in files}
        self._numbers = {mutant: number for number, mutant in enumerate(mutants)}
        self._sources = sources

    def selected(self, mutant: Mutant, visible: Sequence[str]) -> Selected:
        """Of the test files that import the module of a mutant, those that run the mutant, the fastest first.

        The functions that run the mutant come before the others of these files. The others are run too: they may see
        what a function has cached. A file that sees only what another file has cached is left out; so a fault may
        survive wrongly, and none is killed wrongly.
        """
        number, everywhere = self._numbers[mutant], runs_on_import(self._sources[mutant.path], mutant)
        files = [self._files[file] for file in visible if file in self._files]
        running = [file for file in files if everywhere or number in file.reached]
        running = sorted((file for file in running if file.file not in file.unreliable), key=lambda file: file.seconds)
        return Selected(
            [file.file for file in running],
            frozenset(test for file in running for test in file.reached.get(number, []) if test),
            frozenset(test for file in running for test in file.unreliable),
        )
