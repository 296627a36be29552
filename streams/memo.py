"""What was worked out of a flow's days, kept until a claim may have changed it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from streams.records import Baseline, DayFigure, Episode
from streams.rules import Rules

if TYPE_CHECKING:
    from streams.baselines import Level

LEARNS_FROM = range(3, 10)
"""EARS C2 learns from days t-9..t-3: two days' distance keep the start of a surge out of its own baseline."""


class Judgement(NamedTuple):
    """The baseline of a day and the rate it is compared with; None where there is none."""

    baseline: Baseline | None
    rate: float | None


class Memo:
    """Of one flow: levels spoken of, judged days, which of them are above their clear level, and shown figures.

    A cache: leaving it out changes no figure. `due` are the days to judge anew, `fresh` those judged since episodes
    were last worked out.
    """

    def __init__(self) -> None:
        self.rules: Rules | None = None
        self.levels: list[Level] | None = None
        self.judged: dict[int, Judgement] = {}
        self.above: set[int] = set()
        self.figures: dict[int, DayFigure] = {}
        self.episodes: dict[tuple[int, int, int | None], Episode] = {}
        self.due: set[int] = set()
        self.fresh: set[int] = set()

    def changed(self, days: Iterable[int]) -> None:
        """The bins of some days changed."""
        for day in days:
            self.figures.pop(day, None)
            self.due.add(day)
            self.due.update(day + later for later in LEARNS_FROM)

    def forget(self) -> None:
        """Levels or doubts came or went, or the rules are others: nothing holds any more."""
        self.levels = None
        self.due.update(self.judged)
        self.figures.clear()
        self.episodes.clear()

    def under(self, rules: Rules) -> Memo:
        """This memory, emptied if it was filled under other rules."""
        if self.rules is not rules:
            self.rules = rules
            self.forget()
        return self
