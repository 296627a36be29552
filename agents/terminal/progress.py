"""The progress of a long command: a bar on a terminal, else a line on standard error from time to time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Self, TypeVar

from rich import progress
from rich.console import Console

from bordertally.agents.terminal.console import err

BAR_S, LINE_S = 0.1, 10.0
"""Seconds between two looks of the bar, and between two lines."""

T = TypeVar("T")


class Progress:
    """Tells how many things of a kind are done, of `total` where that is known. Nothing is left of the bar in the end.

    `step`: the step of the command; `unit`: the things, in the plural.
    """

    def __init__(
        self,
        step: str,
        unit: str,
        total: int | None = None,
        console: Console = err,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.done = 0
        self._what, self._unit, self._total, self._console, self._clock = step, unit, total, console, clock
        self._every = BAR_S if console.is_terminal else LINE_S
        self._due = clock() + self._every
        columns = (
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.TextColumn("{task.fields[far]}"),
        )
        self._bar = progress.Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task(step, total=total, far="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def advance(self, number: int = 1) -> None:
        """Count more things as done."""
        self.done += number
        now = self._clock()
        if now < self._due:
            return
        self._due = now + self._every
        if self._console.is_terminal:
            self._bar.update(self._task, completed=self.done, far=self._far())
        else:
            self._console.print(f"{self._what}: {self._far()}", highlight=False)

    def over(self, things: Iterable[T]) -> Iterator[T]:
        """Pass things through, and count each as done."""
        for thing in things:
            yield thing
            self.advance()

    def _far(self) -> str:
        total = "" if self._total is None else f" of {self._total:,}"
        return f"{self.done:,}{total} {self._unit}"
