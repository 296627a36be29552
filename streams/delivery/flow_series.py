"""Which flows get metrics of their own, and what the rest come to together."""

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
    """What is shown of a flow, in people: of the latest covered day, and low, best, high of 7 days. None: not known.

    `last_day`: the latest covered day, as its first second since 1970 UTC.
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
        """(high - low) / best of 7 days; None where high is open or nobody crossed."""
        if self.low is None or self.high is None or not self.best:
            return None
        return (self.high - self.low) / self.best


class _Kept(NamedTuple):
    """What is kept of a state: states come by the hundred a second, and are shown every few seconds."""

    rate: float | None
    rate_day: str | None
    baseline: Baseline | None
    week: Total | None

    def figures(self) -> Figures:
        """What is shown of a flow."""
        level = self.baseline
        expected, threshold = (None, None) if level is None else (level.expected, level.threshold)
        last = None if self.rate_day is None else midnight(ordinal_day(self.rate_day))
        if self.week is None:
            return Figures(self.rate, expected, threshold, last_day=last)
        return Figures(self.rate, expected, threshold, self.week.low, self.week.best, self.week.high, last)


class FlowFigures:
    """The figures of flows, the newest of each; `shown` gives at most `limit` of them and one `other`.

    Those higher up in the tree come first, then those earlier in the alphabet: a country is never pushed out by a
    checkpoint, and the choice depends on the flows alone, not on which spoke first. `other` adds up the rest, each tree
    by its top only, since a flow's people hold those of the flows below it.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held: dict[str, _Kept] = {}
        self._conflicts: dict[str, int] = {}
        self._chosen: list[str] | None = []
        self._rest: list[str] = []

    def update(self, state: FlowState) -> None:
        """Replace the figures shown of a flow by those of its new state."""
        flow = state.flow
        if flow not in self._held:
            self._chosen = None
        week = total_in(WEEK, state.totals)
        self._held[flow] = _Kept(state.rate, state.rate_day, state.baseline, week)
        if state.conflicts or flow in self._conflicts:
            self._conflicts[flow] = len(state.conflicts)

    def clear(self) -> None:
        """Forget all: other workers show them now."""
        self._held.clear()
        self._conflicts.clear()
        self._chosen, self._rest = [], []

    @property
    def conflicts(self) -> int:
        """Claims on all flows that cannot hold beside more trusted ones."""
        return sum(self._conflicts.values())

    def shown(self) -> Iterator[tuple[str, Figures]]:
        """(flow, figures) of at most `limit` flows, then of `other` if there are more."""
        if self._chosen is None:
            ordered = sorted(self._held, key=lambda flow: (depth(Flow(flow)), flow))
            self._chosen, beyond = ordered[: self._limit], set(ordered[self._limit :])
            self._rest = sorted(flow for flow in beyond if parent(Flow(flow)) not in beyond)
        for flow in self._chosen:
            yield flow, self._held[flow].figures()
        if self._rest:
            yield OTHER, _together([self._held[flow].figures() for flow in self._rest])


def _together(several: list[Figures]) -> Figures:
    """Added up; what is open for one is open for all. There is no level for such a mixture."""
    opened = any(one.high is None and one.best is not None for one in several)
    return Figures(
        rate=_sum(one.rate for one in several),
        low=_sum(one.low for one in several),
        best=_sum(one.best for one in several),
        high=None if opened else _sum(one.high for one in several),
    )


def _sum(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fsum(known) if known else None
