"""The tree of flows: each flow with its series and its child flows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import partial
from math import fsum
from typing import Literal, NamedTuple

from bordertally.streams.flows import Flow
from bordertally.streams.ledger.citations import Cites, Gathered
from bordertally.streams.ledger.rows import Key
from bordertally.streams.ledger.series import DayRun, Series, Unverified
from bordertally.streams.ledger.stated_levels import StatedLevels
from bordertally.streams.ledger.views import Views
from bordertally.streams.reconciliation.constraints import Floors, GradedBin, Kind
from bordertally.streams.reconciliation.floors import Levels, floors_of
from bordertally.streams.reconciliation.margins import INFINITE
from bordertally.streams.reconciliation.room import moved
from bordertally.streams.reports.claims import Claim, Identity

NEVER = 10_000_000
"""A day (ordinal) after every other."""

LIVE_DAYS = 2
"""The number of newest days of a flow whose readings stay unpacked; earlier days are packed once stored."""


class OwnLasts(NamedTuple):
    """The last days (ordinals) that the claims of a flow cover; None without such claims.

    `figure`: by readings and by claims that are no lower bounds. Lower bounds end no projection.
    """

    claim: int | None
    figure: int | None


Mark = Literal["worded", "suspected", "historic", "tying", "revised"]
"""What a flow remembers of the claims on it and below it: the attributes of Node with these names."""


class Node:
    """A flow in the tree: its series and its children, both ordered by name.

    Sums of floats depend on the order of terms, so no order here may depend on the order of reports.
    `names`: other names of the place, under which reports may speak of it (see aliases.py).
    """

    def __init__(self, flow: Flow, above: Node | None, names: tuple[Flow, ...] = ()) -> None:
        self.flow = flow
        self.above = above
        self.names = names
        self.children: dict[Flow, Node] = {}
        self.series: dict[Key, Series] = {}
        self.noted: dict[Identity, Claim] = {}
        self.published = 0
        self.claimed = False  # whether a report ever spoke of this very flow
        self.worded = False  # whether a statement in words was ever added for the flow or one below it
        self.suspected = False  # whether a claim on the flow or one below it was ever unlikely
        self.historic = False  # whether a claim on the flow or one below it was ever historic
        self.tying = False  # whether a lower bound over several days was ever on the flow or one below it
        self.revised = False  # whether a claim on the flow or one below it was ever replaced by a later version
        self.begins, self.ends = NEVER, -NEVER  # the first and the last day that a claim was ever about, here or below
        self.levels = StatedLevels()
        self.views = Views()
        self._own_lasts: dict[Key, OwnLasts] = {}
        self._lasts: dict[Key, frozenset[int]] = {}
        self.gains: dict[tuple[Key, int, int], float] = {}
        """What projection adds to a day of a series, with its limit; empty again once a claim here or below changes."""
        self._newest = 0
        self._stored: dict[int, bytes] = {}  # rows of the live days

    @property
    def shown(self) -> bool:
        """Whether the state of the flow is published."""
        return True

    def parts(self, key: Key) -> list[Series]:
        """Return the series that are lower bounds of this series: parts of the people, in the same unit."""
        if len(self.series) == 1:
            return []
        return [series for each, series in self.series.items() if self._is_part(each, key)]

    def with_parts(self, key: Key) -> list[Series]:
        """Return this series, if there is one, and its parts."""
        own = self.series.get(key)
        parts = self.parts(key) if len(self.series) > 1 else ()
        return [*parts] if own is None else [own, *parts]

    def doubts(self, key: Key) -> list[Unverified]:
        """Return the claims on this series and its parts that may only widen an upper bound."""
        if len(self.series) == 1:
            return self.series[key].unverified()
        return [doubt for series in [self.series[key], *self.parts(key)] for doubt in series.unverified()]

    @staticmethod
    def _is_part(part: Key, whole: Key) -> bool:
        return whole.population == "people" and part.population != "people" and part.unit == whole.unit

    def open(self, key: Key) -> Series:
        """Return the series of this name; create it when missing."""
        series = self.series.get(key)
        if series is None:
            series = Series(key, self.flow if self.names else None)
            self.series = dict(sorted([*self.series.items(), (key, series)]))
        return series

    def adopt(self, child: Node) -> None:
        """Add a child flow; call `order` after the last one, for sorting anew for each would take its square."""
        self.children[child.flow] = child

    def order(self) -> None:
        """Order the children by name, after some were added."""
        self.children = dict(sorted(self.children.items()))

    def below(self, key: Key) -> list[Series]:
        """Return the children's series of this name, ordered by flow."""
        return [series for child in self.children.values() if (series := child.series.get(key)) is not None]

    def floors(self, key: Key, day: int) -> Floors:
        """Return the least people of a day by what is known of the children and of the parts, for each grade."""
        return self.floors_on(key, (day,))[day]

    def floors_on(self, key: Key, days: Collection[int]) -> dict[int, Floors]:
        """Return the floors of some days.

        People whom a child knows from a bound over several days are moved to where this flow has room (see room.py).
        """
        parts = self.parts(key)
        citizens = [part for part in parts if part.key.is_citizenship]
        together = [self.below(key), citizens, *[[part] for part in parts if not part.key.is_citizenship]]
        if self.tying:
            own = self.open(key)
            moved = [_MovedLevels(own, group, sorted(days)).of for group in together]
        else:
            moved = [partial(levels_of, group) for group in together]
        return {
            day: floors_of(moved[0](day), moved[1](day), [levels for part in moved[2:] for levels in part(day)])
            for day in days
        }

    def tied(self, key: Key, days: Collection[int]) -> set[int]:
        """Return the days whose floors may depend on these days, beside the days themselves."""
        if not self.tying:
            return set()
        bounded = [series for series in (*self.below(key), *self.parts(key)) if series.groups.movable]
        return set[int]().union(*[series.tied(days) for series in bounded])

    def last(self, key: Key) -> int | None:
        """Return the last day that any claim on the flow or below it covers."""
        series = self.series.get(key)
        return None if series is None else series.last

    def own_lasts(self, key: Key) -> OwnLasts:
        """Return the last days covered by the flow's own claims (its parts included), without its children's."""
        known = self._own_lasts.get(key)
        if known is None:
            every = self.with_parts(key)
            if len(every) == 1:
                known = OwnLasts(every[0].own_last(), every[0].own_last_figure())
            else:
                claims = [last for series in every if (last := series.own_last()) is not None]
                figures = [last for series in every if (last := series.own_last_figure()) is not None]
                known = OwnLasts(max(claims, default=None), max(figures, default=None))
            self._own_lasts[key] = known
        return known

    def lasts(self, key: Key) -> frozenset[int]:
        """Return the set of days of `own_lasts` of this flow and all flows below it."""
        lasts = self._lasts.get(key)
        if lasts is None:
            lasts = frozenset([day for day in self.own_lasts(key) if day is not None])
            if self.children:
                lasts = lasts.union(*[child.lasts(key) for child in self.children.values()])
            self._lasts[key] = lasts
        return lasts

    def own_covers(self, key: Key, day: int) -> bool:
        """Whether the flow's own claims (its parts included) touch the day."""
        if len(self.series) == 1 and key in self.series:
            return self.series[key].own_covers(day)
        return any(series.own_covers(day) for series in self.with_parts(key))

    def own_figure_covers(self, key: Key, day: int) -> bool:
        """Whether the flow's own claims that are no lower bounds (its parts included) touch the day."""
        return any(series.own_figure_covers(day) for series in self.with_parts(key))

    def withdrew(self, key: Key, day: int) -> bool:
        """Whether a claim about the day was withdrawn, on this series, its parts or the flows below."""
        return any(series.withdrew(day) for series in self.with_parts(key)) or any(
            child.withdrew(key, day) for child in self.children.values()
        )

    def cites(self, key: Key, day: int) -> Cites:
        """Return the evidence of a day: reports on this series, on its parts, and on this series in the flows below."""
        series = self.series[key]
        cites = series.cites.get(day)
        if cites is None or cites.is_short:
            cites = series.own_cites(day)
            alone = len(self.series) == 1
            parts = [] if alone else [each for each in self.series if self._is_part(each, key)]
            if parts or self.children:
                evidence = Gathered()
                evidence.add(cites)
                for part in parts:
                    self.gather(part, (day,), evidence)
                for child in self.children.values():
                    if key in child.series and child.begins <= day <= child.ends:
                        known = child.series[key].cites.get(day)
                        if known is None or (known.is_short and not evidence.full):
                            child.gather(key, (day,), evidence)
                        else:
                            evidence.add(known)
                cites = evidence.cites()
            series.keep_cites(day, cites)
        return cites

    def gather(self, key: Key, days: Iterable[int], evidence: Gathered, *, shorten: bool = False) -> None:
        """Add the evidence of days, newest first, to `evidence`. Ids of counts are not looked up once it is full.

        `shorten`: cached ids that are no longer needed are dropped, and only their number is kept.
        """
        series = self.series[key]
        known = series.cites
        alone = not self.children and len(self.series) == 1
        beyond = 0
        for day in days:
            cites = known.get(day)
            if not evidence.full:
                if cites is None or cites.is_short:
                    cites = self.cites(key, day)
            elif cites is None:
                cites = series.own_cites(day, short=True) if alone else self.cites(key, day)
                series.keep_cites(day, cites)
            elif shorten and cites.counts:
                cites = known[day] = Cites(cites.statements, (), cites.count_total)
            if evidence.full and not cites.statements:
                beyond += cites.count_total
            else:
                evidence.add(cites)
        evidence.beyond(beyond)

    def gather_stretch(self, key: Key, stretch: DayRun, evidence: Gathered) -> None:
        """Add the evidence of a run of days to `evidence`: from the run's cache where that equals adding day by day."""
        if evidence.full:
            if stretch.beyond is None:
                of_run = Gathered(full=True)
                self.gather(key, stretch.days, of_run, shorten=True)
                stretch.beyond = of_run.cites()
            evidence.add(stretch.beyond)
            return
        if stretch.row is None and not stretch.scattered:
            of_run = Gathered()
            self.gather(key, stretch.days, of_run, shorten=True)
            stretch.row = of_run.row()
            stretch.scattered = stretch.row is None
        if stretch.row is None or not evidence.add_row(stretch.row):
            self.gather(key, stretch.days, evidence, shorten=True)

    def stored(self, day: int, row: bytes) -> None:
        """Note that the readings of a day are stored in this row; pack the readings of older days."""
        self._stored[day] = row
        self._newest = max(self._newest, day)
        for old in [day for day in self._stored if day <= self._newest - LIVE_DAYS]:
            row = self._stored.pop(old)
            for series in self.series.values():
                series.counts.pack(old, row)

    def heard(self, published: int) -> None:
        """Note the time of publication of a report on this flow, for the flow and those above."""
        node: Node | None = self
        while node is not None and node.published < published:
            node.published = published
            node = node.above

    def heard_kind(self, claim: Claim) -> None:
        """Note whether a claim on this flow is a statement in words, or historic, for the flow and those above."""
        if claim.text is not None:
            self.mark("worded")
        if claim.historic:
            self.mark("historic")

    def spanned(self, first: int, last: int) -> None:
        """Note the first and the last day of a claim on this flow, for the flow and those above."""
        node: Node | None = self
        while node is not None and (first < node.begins or last > node.ends):
            node.begins, node.ends = min(node.begins, first), max(node.ends, last)
            node = node.above

    def mark(self, what: Mark) -> None:
        """Note something that was ever true of this flow, for the flow and those above."""
        node: Node | None = self
        while node is not None and not getattr(node, what):
            setattr(node, what, True)
            node = node.above

    def moved(self, key: Key, days: Collection[int], figures: Collection[int]) -> None:
        """Drop all values derived from these days of a series: claims on the flow or below it changed.

        `figures`: the days among them on which more than the evidence changed.
        """
        self.series[key].moved(days)
        self.views.days_changed(days)
        if figures:
            self.views.figures_changed(figures)
        self._own_lasts.pop(key, None)
        self._lasts.pop(key, None)
        self.gains.clear()


def levels_of(group: Iterable[Series], day: int) -> list[Levels]:
    """Return what the series of a group tell of a day."""
    return [levels for series in group if (levels := series.levels(day))]


class _MovedLevels:
    """What the series of a group tell of days, with the people of bounds over several days moved to where is room.

    `own`: the series of the flow above, whose claims about single days say how much room there is. The room of a day is
    shared by the series with such bounds in proportion to their people.
    """

    def __init__(self, own: Series, group: Sequence[Series], days: Sequence[int]) -> None:
        self._own, self._group = own, group
        self._sets: list[dict[int, Sequence[int]]] = [{} for _ in group]
        self._moved: list[dict[int, Levels]] = [{} for _ in group]
        for place, series in enumerate(group):
            for day in days if series.groups.movable else ():
                same = self._movable_days(place, day)
                if len(same) > 1 and day not in self._moved[place] and any(own.single(each) for each in same):
                    self._move(place, same)

    def of(self, day: int) -> list[Levels]:
        """Return the levels of a day."""
        both = zip(self._group, self._moved, strict=True)
        return [levels for series, moved in both if (levels := moved.get(day) or series.levels(day))]

    def _movable_days(self, place: int, day: int) -> Sequence[int]:
        known, series = self._sets[place], self._group[place]
        if day not in known:
            same = series.movable_days(day) if series.groups.movable else ()
            known.update(dict.fromkeys(same or (day,), same))
        return known[day]

    def _move(self, place: int, days: Sequence[int]) -> None:
        bins = self._group[place].bins
        low = moved({day: bins[day].low for day in days}, {day: self._room(place, day, "low") for day in days})
        best = moved({day: bins[day].best for day in days}, {day: self._room(place, day, "best") for day in days})
        for day in days:
            now = bins[day]._replace(low=low[day], best=best[day])
            self._moved[place][day] = (GradedBin(now.weight, now),)

    def _room(self, place: int, day: int, end: Literal["low", "best"]) -> float:
        """Return the people for whom the flow above has room on a day, beside those that cannot be moved."""
        claim = self._own.single(day)
        if claim is None:
            return INFINITE
        people = [getattr(series.bins[day], end) if day in series.bins else 0.0 for series in self._group]
        movable = [len(self._movable_days(each, day)) > 1 for each in range(len(self._group))]
        room = claim.high or 0.0 if claim.kind is Kind.AT_MOST else getattr(claim, end)
        room = max(0.0, room - fsum([number for number, moves in zip(people, movable, strict=True) if not moves]))
        to_move = fsum([number for number, moves in zip(people, movable, strict=True) if moves])
        return room * people[place] / to_move if to_move else room


def evidence(node: Node, key: Key, days: Iterable[int]) -> tuple[list[str], int]:
    """Return the reports behind days of a series: at most CITED ids, statements first, and the number of all."""
    gathered = Gathered()
    if key in node.series:
        node.gather(key, sorted(days, reverse=True), gathered)
    return gathered.reports()
