"""The tree of flows: each flow with its own series and the flows below it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from bordertally.streams.flows import Flow
from bordertally.streams.ledger.citations import Cites, Gathered
from bordertally.streams.ledger.rows import Key
from bordertally.streams.ledger.series import DayRun, Series, Unverified
from bordertally.streams.ledger.views import Views
from bordertally.streams.reports.claims import Claim, Identity

LIVE_DAYS = 2
"""The newest days of a flow whose readings are kept ready to be changed; those before are packed once stored."""


class Node:
    """A flow in the tree: its own series and those below it, both in the order of their names.

    Sums of floats depend on their order, so nothing here may depend on which report came first.
    """

    def __init__(self, flow: Flow, above: Node | None) -> None:
        self.flow = flow
        self.above = above
        self.children: dict[Flow, Node] = {}
        self.series: dict[Key, Series] = {}
        self.noted: dict[Identity, Claim] = {}
        self.published = 0
        self.worded = False  # whether anything was ever said in words of the flow or one below it
        self.views = Views()
        self._own_last: dict[Key, int | None] = {}
        self._lasts: dict[Key, frozenset[int]] = {}
        self._newest = 0
        self._stored: dict[int, bytes] = {}  # rows of the days that are live

    def parts(self, key: Key) -> list[Series]:
        """The series that are lower bounds for this one: parts of the people counted in the same unit."""
        if len(self.series) == 1:
            return []
        return [series for each, series in self.series.items() if self._is_part(each, key)]

    def doubts(self, key: Key) -> list[Unverified]:
        """The claims on this series and its parts that may only widen an upper bound."""
        return [doubt for one in [self.series[key], *self.parts(key)] for doubt in one.unverified()]

    @staticmethod
    def _is_part(one: Key, whole: Key) -> bool:
        return whole.population == "people" and one.population != "people" and one.unit == whole.unit

    def open(self, key: Key) -> Series:
        """The series of this name, begun where there is none yet."""
        series = self.series.get(key)
        if series is None:
            series = Series(key)
            self.series = dict(sorted([*self.series.items(), (key, series)]))
        return series

    def adopt(self, child: Node) -> None:
        """Put a flow below this one."""
        self.children = dict(sorted([*self.children.items(), (child.flow, child)]))

    def below(self, key: Key) -> list[Series]:
        """The series of this name of the flows below, by flow."""
        return [series for child in self.children.values() if (series := child.series.get(key)) is not None]

    def last(self, key: Key) -> int | None:
        """The latest day that any claim on the flow or below it covers."""
        series = self.series.get(key)
        return None if series is None else series.last

    def own_last(self, key: Key) -> int | None:
        """The latest day covered by the flow's own claims (its own parts included), not by its children's."""
        if key not in self._own_last:
            own = [self.series[key]] if key in self.series else []
            days = [last for one in [*own, *self.parts(key)] if (last := one.own_last()) is not None]
            self._own_last[key] = max(days, default=None)
        return self._own_last[key]

    def lasts(self, key: Key) -> frozenset[int]:
        """The latest days that each flow's own claims cover, of this flow and all below it."""
        found = self._lasts.get(key)
        if found is None:
            own = self.own_last(key)
            found = frozenset(() if own is None else (own,))
            if self.children:
                found = found.union(*[one.lasts(key) for one in self.children.values()])
            self._lasts[key] = found
        return found

    def own_covers(self, key: Key, day: int) -> bool:
        """Whether the flow's own claims (its own parts included) touch the day."""
        own = [self.series[key]] if key in self.series else []
        return any(one.own_covers(day) for one in [*own, *self.parts(key)])

    def withdrew(self, key: Key, day: int) -> bool:
        """Whether a claim about the day, on this series, its parts or below, was withdrawn."""
        own = [self.series[key]] if key in self.series else []
        return any(one.withdrew(day) for one in [*own, *self.parts(key)]) or any(
            child.withdrew(key, day) for child in self.children.values()
        )

    def cites(self, key: Key, day: int) -> Cites:
        """The evidence of a day: the reports on this series, on its parts, and on it in the flows below."""
        series = self.series[key]
        held = series.cites.get(day)
        if held is None or held.is_short:
            held = series.own_cites(day)
            parts = [each for each in self.series if self._is_part(each, key)]
            if parts or self.children:
                found = Gathered()
                found.add(held)
                for part in parts:
                    self.gather(part, (day,), found)
                for child in self.children.values():
                    if key in child.series:
                        known = child.series[key].cites.get(day)
                        if known is None or (known.is_short and not found.full):
                            child.gather(key, (day,), found)
                        else:
                            found.add(known)
                held = found.cites()
            series.keep_cites(day, held)
        return held

    def gather(self, key: Key, days: Iterable[int], evidence: Gathered, *, shorten: bool = False) -> None:
        """Add the evidence of some days, newest first; where no more ids are cited they are not looked up.

        `shorten`: nor kept, for all that it takes is how many they are.
        """
        series = self.series[key]
        known = series.cites
        alone = not self.children and len(self.series) == 1
        beyond = 0
        for day in days:
            held = known.get(day)
            if not evidence.full:
                if held is None or held.is_short:
                    held = self.cites(key, day)
            elif held is None:
                held = series.own_cites(day, short=True) if alone else self.cites(key, day)
                series.keep_cites(day, held)
            elif shorten and held.counts:
                held = known[day] = Cites(held.statements, (), held.count_total)
            if evidence.full and not held.statements:
                beyond += held.count_total
            else:
                evidence.add(held)
        evidence.beyond(beyond)

    def gather_stretch(self, key: Key, stretch: DayRun, evidence: Gathered) -> None:
        """Add the evidence of a stretch of days: what is kept of it, where that comes to the same as day by day."""
        if evidence.full:
            if stretch.beyond is None:
                found = Gathered(full=True)
                self.gather(key, stretch.days, found, shorten=True)
                stretch.beyond = found.cites()
            evidence.add(stretch.beyond)
            return
        if stretch.row is None and not stretch.scattered:
            found = Gathered()
            self.gather(key, stretch.days, found, shorten=True)
            stretch.row = found.row()
            stretch.scattered = stretch.row is None
        if stretch.row is None or not evidence.add_row(stretch.row):
            self.gather(key, stretch.days, evidence, shorten=True)

    def stored(self, day: int, row: bytes) -> None:
        """The readings of a day are stored in this row: days that have grown old are kept as their row alone."""
        self._stored[day] = row
        self._newest = max(self._newest, day)
        for old in [day for day in self._stored if day <= self._newest - LIVE_DAYS]:
            row = self._stored.pop(old)
            for series in self.series.values():
                series.counts.pack(old, row)

    def heard(self, published: int) -> None:
        """A report on this flow was published then: news of it and of those above."""
        node: Node | None = self
        while node is not None and node.published < published:
            node.published = published
            node = node.above

    def heard_words(self) -> None:
        """A statement on this flow came with its words."""
        node: Node | None = self
        while node is not None and not node.worded:
            node.worded = True
            node = node.above

    def moved(self, key: Key, days: Collection[int]) -> None:
        """Claims on days of a series, of the flow or below it, changed: forget what was worked out of them."""
        self.series[key].moved(days)
        self.views.days_changed(days)
        self._own_last.pop(key, None)
        self._lasts.pop(key, None)


def evidence(node: Node, key: Key, days: Iterable[int]) -> tuple[list[str], int]:
    """The reports behind some days of a series: at most CITED ids, statements first, and how many there are."""
    found = Gathered()
    if key in node.series:
        node.gather(key, sorted(days, reverse=True), found)
    return found.reports()
