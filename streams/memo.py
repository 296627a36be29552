"""What was worked out of a flow's days, kept until a claim may have changed it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar, cast

import msgspec

from streams.records import Baseline, DayFigure, Episode, Noted
from streams.rules import Rules

if TYPE_CHECKING:
    from streams.alerts import Exceeding
    from streams.baselines import Level


class Judgement(NamedTuple):
    """The baseline of a day and the rate it is compared with; None where there is none."""

    baseline: Baseline | None
    rate: float | None


class Written(NamedTuple):
    """The figures of the days from `first` up to `end`, exclusive, as JSON with commas between; none, or one piece."""

    first: int
    end: int
    figures: tuple[msgspec.Raw, ...]


class View(Protocol):
    """What a rule has worked out of a flow's days and keeps; `stale` are days that changed since."""

    stale: set[int]


V = TypeVar("V", bound=View)


class Memo:
    """Of one flow: levels spoken of, judged days, which of them are above their clear level or low, and shown figures.

    A cache: leaving it out changes no figure. `due` are the days to judge anew, of which those of `relearn` may have
    another baseline; `fresh` those judged since episodes were last worked out. What is learned for a day changes with
    the days that lie so much before it as `later` says, and not with the day itself: `learned` keeps it. `newest` is
    the latest day that ever had a bin: none after it need be judged. `runs` are those `episodes` are made of, `silent`
    the days onto which anybody was carried on when they were last looked for.
    """

    def __init__(self) -> None:
        self.rules: Rules | None = None
        self.levels: list[Level] | None = None
        self.judged: dict[int, Judgement] = {}
        self.learned: dict[int, Baseline | None] = {}
        self.above: set[int] = set()
        self.low: set[int] = set()
        self.views: dict[type, View] = {}
        self.figures: dict[int, DayFigure] = {}
        self.written: Written | None = None
        self.noted: list[Noted] | None = None
        self.runs: list[Exceeding] = []
        self.silent: set[int] = set()
        self.episodes: dict[tuple[int, int, int | None], Episode] = {}
        self.due: set[int] = set()
        self.relearn: set[int] = set()
        self.newest = 0
        self.later = range(0)
        self.fresh: set[int] = set()

    def changed(self, days: Iterable[int]) -> None:
        """The bins of some days changed, and so may what is learned from them for later days."""
        days = list(days)
        self.newest = max(self.newest, max(days, default=0))
        for view in self.views.values():
            view.stale.update(days)
        for day in days:
            self.figures.pop(day, None)
            if self.written is not None and self.written.first <= day < self.written.end:
                self.written = None
            self.due.add(day)
            for later in range(day + self.later.start, min(day + self.later.stop, self.newest + 1)):
                self.learned.pop(later, None)
                self.due.add(later)
                self.relearn.add(later)

    def view(self, kind: type[V], make: Callable[[], V]) -> V:
        """What a rule keeps of this flow, made where there is none yet; it hears of every day that changes."""
        held = self.views.get(kind)
        if held is None:
            held = self.views[kind] = make()
        return cast("V", held)

    def forget(self) -> None:
        """Levels or doubts came or went, or the rules are others: nothing holds any more."""
        self.levels = None
        self.due.update(self.judged)
        self.relearn.update(self.judged)
        self.figures.clear()
        self.written = None
        self.episodes.clear()

    def under(self, rules: Rules) -> Memo:
        """This memory, emptied if it was filled under other rules."""
        if self.rules is not rules:
            self.rules = rules
            self.later = rules.detection.looks_back
            self.views.clear()
            self.learned.clear()
            self.forget()
        return self
