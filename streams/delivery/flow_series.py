"""The figures of flows in metrics: which flows have series of their own, and the sum of the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import fsum
from typing import NamedTuple

from bordertally.streams.delivery.metrics import OTHER
from bordertally.streams.flows import Flow, depth, parent
from bordertally.streams.periods import midnight, ordinal_day
from bordertally.streams.totals.records import Baseline, FlowState, Total
from bordertally.streams.totals.windows import WEEK, total_in


class Figures(NamedTuple):
    """The figures of a flow in metrics, in people; None where not known.

    `rate`, `expected`, `threshold`: a day, of the latest covered day. `low`, `best`, `high`: of 7 days. `last_day`: the
    beginning of the latest covered day, in seconds since 1970 UTC.
    """

    rate: float | None = None
    expected: float | None = None
    threshold: float | None = None
    low: float | None = None
    best: float | None = None
    high: float | None = None
    last_day: int | None = None

    @property
    def width(self) -> float | None:
        """(high - low) / best of 7 days; None where high is open or best is 0."""
        if self.low is None or self.high is None or not self.best:
            return None
        return (self.high - self.low) / self.best


class _Kept(NamedTuple):
    """The parts of a flow state that its figures are made of: states are frequent, and figures are rarely asked for."""

    rate: float | None
    rate_day: str | None
    baseline: Baseline | None
    comparable: bool
    week: Total | None

    def figures(self) -> Figures:
        """The figures of the flow."""
        level = self.baseline
        if level is not None and not self.comparable and (self.rate or 0.0) <= level.threshold:
            level = None  # a lower bound below the threshold says nothing beside it
        expected, threshold = (None, None) if level is None else (level.expected, level.threshold)
        last = None if self.rate_day is None else midnight(ordinal_day(self.rate_day))
        if self.week is None:
            return Figures(self.rate, expected, threshold, last_day=last)
        return Figures(self.rate, expected, threshold, self.week.low, self.week.best, self.week.high, last)


class FlowFigures:
    """The newest figures of each flow; `shown` returns at most `limit` flows and one `other`.

    Flows higher in the tree come first, then in alphabetical order: a checkpoint never displaces a country, and the
    choice does not depend on the order of reports. `other` is the sum of the remaining flows, only the topmost of each
    tree, because the people of a flow include those of the flows below.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: dict[str, _Kept] = {}
        self._conflicts: dict[str, int] = {}
        self._unlikely: dict[str, int] = {}
        self._chosen: list[str] | None = []
        self._rest: list[str] = []

    def update(self, state: FlowState) -> None:
        """Replace the figures of a flow by those of its new state; drop them if the flow is gone."""
        flow = state.flow
        if state.gone:
            self._kept.pop(flow, None)
            self._conflicts.pop(flow, None)
            self._chosen = None
            return
        if flow not in self._kept:
            self._chosen = None
        week = total_in(WEEK, state.totals)
        self._kept[flow] = _Kept(state.rate, state.rate_day, state.baseline, state.comparable, week)
        if state.conflicts or flow in self._conflicts:
            self._conflicts[flow] = len(state.conflicts)
        if state.unlikely or flow in self._unlikely:
            self._unlikely[flow] = len(state.unlikely)

    def clear(self) -> None:
        """Forget all flows, which other workers may show now."""
        self._kept.clear()
        self._conflicts.clear()
        self._unlikely.clear()
        self._chosen, self._rest = [], []

    @property
    def conflicts(self) -> int:
        """The number of conflicts on all flows."""
        return sum(self._conflicts.values())

    @property
    def unlikely(self) -> int:
        """The number of unlikely claims on all flows."""
        return sum(self._unlikely.values())

    def shown(self) -> Iterator[tuple[str, Figures]]:
        """(flow, figures) of at most `limit` flows, then of `other` if there are more."""
        if self._chosen is None:
            ordered = sorted(self._kept, key=lambda flow: (depth(Flow(flow)), flow))
            self._chosen, beyond = ordered[: self._limit], set(ordered[self._limit :])
            self._rest = sorted(flow for flow in beyond if parent(Flow(flow)) not in beyond)
        for flow in self._chosen:
            yield flow, self._kept[flow].figures()
        if self._rest:
            yield OTHER, _sum_of([self._kept[flow].figures() for flow in self._rest])


def _sum_of(flows: list[Figures]) -> Figures:
    """The sum of the figures of several flows; high is open if it is open for one flow. A sum has no baseline."""
    is_open = any(figures.high is None and figures.best is not None for figures in flows)
    return Figures(
        rate=_sum(figures.rate for figures in flows),
        low=_sum(figures.low for figures in flows),
        best=_sum(figures.best for figures in flows),
        high=None if is_open else _sum(figures.high for figures in flows),
    )


def _sum(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fsum(known) if known else None
