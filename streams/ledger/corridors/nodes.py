"""Destinations in the tree of flows, and their child flows: the corridors, whose figures come from other ledgers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

import msgspec

from bordertally.streams.flows import Flow
from bordertally.streams.ledger.citations import NOTHING, Cites, Gathered
from bordertally.streams.ledger.corridors.records import (
    NO_HEAD,
    CorridorDay,
    CorridorFigures,
    CorridorProjection,
    CorridorVersion,
    Leeway,
    StoredDay,
    StoredHead,
    day_of,
    decode_days,
    decode_head,
    encode,
)
from bordertally.streams.ledger.rows import PEOPLE, Key
from bordertally.streams.ledger.series import Series
from bordertally.streams.ledger.tree import Node, levels_of
from bordertally.streams.reconciliation.constraints import Constraint, Floors
from bordertally.streams.reconciliation.floors import floors_of

FEWEST = 2
"""A destination with fewer corridors is not published unless it is claimed itself: it would repeat its corridor."""


class DestinationNode(Node):
    """A destination (`*:RO`): its children are the corridors to it, each of which counts once.

    `members`: the destinations inside a bloc (`*:EU:RO`). Corridors and members both add up to the people of the bloc:
    the larger of the two sums is a lower bound.
    """

    def __init__(self, flow: Flow, above: Node | None, names: tuple[Flow, ...] = ()) -> None:
        super().__init__(flow, above, names)
        self.members: dict[Flow, Node] = {}

    @property
    def shown(self) -> bool:
        """Whether the destination says more than a single corridor does."""
        return self.claimed or len(self.children) >= FEWEST or any(member.shown for member in self.members.values())

    def adopt(self, child: Node) -> None:
        """Add a destination inside the bloc; `order` puts it in its place."""
        self.members[child.flow] = child

    def order(self) -> None:
        """Order the destinations inside the bloc by name, after some were added."""
        self.members = dict(sorted(self.members.items()))

    def corridor(self, flow: Flow) -> CorridorNode:
        """Return a corridor to this destination; add it when missing."""
        known = self.children.get(flow)
        if isinstance(known, CorridorNode):
            return known
        corridor = CorridorNode(flow, self)
        self.children = dict(sorted([*self.children.items(), (flow, corridor)]))
        return corridor

    def below(self, key: Key) -> list[Series]:
        """Return the series of this name of corridors, or of the members where there are no corridors."""
        return super().below(key) or self._of_members(key)

    def _of_members(self, key: Key) -> list[Series]:
        return [series for member in self.members.values() if (series := member.series.get(key)) is not None]

    def floors_on(self, key: Key, days: Collection[int]) -> dict[int, Floors]:
        """See Node.floors_on; the members of a bloc are one more sum."""
        if not self.members:
            return super().floors_on(key, days)
        return {day: self._floors(key, day) for day in days}

    def _floors(self, key: Key, day: int) -> Floors:
        corridors, members = (levels_of(series, day) for series in (super().below(key), self._of_members(key)))
        parts = [(part.key, levels) for part in self.parts(key) if (levels := part.levels(day))]
        citizens = [levels for part, levels in parts if part.is_citizenship]
        others = [levels for part, levels in parts if not part.is_citizenship]
        return floors_of(corridors, citizens, others, members)

    def lasts(self, key: Key) -> frozenset[int]:
        """See Node.lasts."""
        return super().lasts(key).union(*[member.lasts(key) for member in self.members.values()])

    def cites(self, key: Key, day: int) -> Cites:
        """See Node.cites; of the members only reports on themselves are added: the corridors have all others."""
        cites = super().cites(key, day)
        if not self.members:
            return cites
        evidence = Gathered()
        evidence.add(cites)
        for series in self._of_members(key):
            evidence.add(series.own_cites(day))
        return evidence.cites()

    def gather(self, key: Key, days: Iterable[int], evidence: Gathered, *, shorten: bool = False) -> None:
        """See Node.gather."""
        if self.members:
            _gather(self, key, days, evidence)
        else:
            super().gather(key, days, evidence, shorten=shorten)


class CorridorChanges(NamedTuple):
    """What figures changed: by series the days, and those among them on which more than the evidence changed.

    `rows`: the days that are stored anew.
    """

    days: dict[Key, set[int]]
    figures: dict[Key, set[int]]
    rows: set[int]


class CorridorNode(Node):
    """A flow from one origin to one destination, as the ledger of its origin tells of it.

    The days are kept in stored form, which takes little memory; only their bins and floors are kept as objects.
    """

    def __init__(self, flow: Flow, above: DestinationNode) -> None:
        super().__init__(flow, above)
        self.head = NO_HEAD
        self.rows: dict[int, bytes] = {}
        self._projections: dict[Key, CorridorProjection] = {}
        self._unusual: set[int] = set()
        self._incomplete: set[int] = set()
        self._historic: set[int] = set()
        self._unlikely: dict[tuple[Key, int], CorridorDay] = {}
        self._latest_cites: dict[Key, tuple[int, Cites]] = {}
        """By series its newest day and the evidence of it, which nearly every state asks for."""

    def apply(self, figures: CorridorFigures) -> CorridorChanges:
        """Take over figures, of each day the highest version."""
        changes = CorridorChanges(defaultdict(set), defaultdict(set), set())
        if figures.version >= self.head.version:
            self._put_head(
                StoredHead(
                    figures.version,
                    max(figures.published, self.head.published),
                    [(series.key, series.projection) for series in figures.series],
                )
            )
        sent = {(series.key, day.day): day for series in figures.series for day in series.days}
        if figures.whole:
            gone = {(stored.key, day) for day, row in self.rows.items() for stored in decode_days(row)} - sent.keys()
            sent |= {(key, day): CorridorDay(day, None) for key, day in gone}
        by_day: dict[int, list[tuple[Key, CorridorDay]]] = defaultdict(list)
        for (key, number), day in sorted(sent.items()):
            by_day[number].append((key, day))
        for number, days in by_day.items():
            self._apply_day(number, days, figures.version, changes)
        return changes

    def _apply_day(
        self, number: int, days: list[tuple[Key, CorridorDay]], version: CorridorVersion, changes: CorridorChanges
    ) -> None:
        row = self.rows.get(number)
        stored = {each.key: each for each in ([] if row is None else decode_days(row))}
        for key, day in days:
            known = stored.get(key)
            if known is not None and known.version > version:
                continue
            stored[key] = StoredDay(key, version, day)
            before = CorridorDay(number, None) if known is None else known.day
            if before != day:
                changes.days[key].add(number)
                if msgspec.structs.replace(before, cites=day.cites) != day:
                    changes.figures[key].add(number)
                self._put_day(key, day)
        now = encode(sorted(stored.values(), key=lambda each: each.key))
        if now != row:
            self.rows[number] = now
            changes.rows.add(number)

    def restore_day(self, number: int, row: bytes) -> Iterator[Key]:
        """Take over a stored day; yields the keys of its series."""
        self.rows[number] = row
        for stored in decode_days(row):
            self._put_day(stored.key, stored.day)
            yield stored.key

    def restore_head(self, row: bytes) -> None:
        """Take over the stored head."""
        self._put_head(decode_head(row))

    def _put_head(self, head: StoredHead) -> None:
        self.head = head
        self._projections = dict(head.projections)
        if any(projection.leeways for projection in self._projections.values()):
            self.mark("revised")
        self.heard(head.published)

    def _put_day(self, key: Key, day: CorridorDay) -> None:
        self.open(key).mirror(day.day, day.people, day.floors)
        if key not in self._latest_cites or self._latest_cites[key][0] <= day.day:
            self._latest_cites[key] = day.day, day.cites
        self._unlikely.pop((key, day.day), None)
        if day.unlikely:
            self._unlikely[key, day.day] = day
            self.mark("suspected")
        if key == PEOPLE:
            _keep(self._unusual, day.day, wanted=not day.usual)
            _keep(self._incomplete, day.day, wanted=not day.complete)
            _keep(self._historic, day.day, wanted=day.historic)
            if day.historic:
                self.mark("historic")

    def _day(self, key: Key, day: int) -> CorridorDay | None:
        row = self.rows.get(day)
        stored = None if row is None else day_of(decode_days(row), key)
        return None if stored is None else stored.day

    def _has(self, day: int) -> bool:
        return PEOPLE in self.series and day in self.series[PEOPLE].bins

    def covered_as_usual(self, day: int) -> bool:
        """Whether those who usually carry the people of the corridor tell of a day: see totals.coverage."""
        return self._has(day) and day not in self._unusual

    def spoken_for(self, day: int) -> bool:
        """Whether everyone reports on a day who reported in the four weeks before: see detection.drop."""
        return self._has(day) and day not in self._incomplete

    def history(self, first: int, last: int) -> Iterator[bool]:
        """Yield of each of these days that has figures whether all its claims are historic: see detection.history."""
        return (day in self._historic for day in range(first, last + 1) if self._has(day))

    def gain(self, key: Key, day: int) -> float:
        """Return the people that projection adds to a day."""
        projection = self._projections.get(key)
        return 0.0 if projection is None else projection.gains.get(day, 0.0)

    def leeway(self, key: Key, day: int) -> Leeway | None:
        """Return how far the people of a day may move by revisions: see totals.revisions."""
        projection = self._projections.get(key)
        return None if projection is None else projection.leeways.get(day)

    def lasts(self, key: Key) -> frozenset[int]:
        """See Node.lasts."""
        projection = self._projections.get(key)
        return frozenset() if projection is None else frozenset(projection.lasts)

    def withdrew(self, key: Key, day: int) -> bool:
        """See Node.withdrew."""
        told = self._day(key, day)
        return told is not None and told.withdrew

    def cites(self, key: Key, day: int) -> Cites:
        """See Node.cites."""
        if key in self._latest_cites and self._latest_cites[key][0] == day:
            return self._latest_cites[key][1]
        told = self._day(key, day)
        return NOTHING if told is None else told.cites

    def gather(self, key: Key, days: Iterable[int], evidence: Gathered, *, shorten: bool = False) -> None:  # noqa: ARG002 - as of a node
        """See Node.gather."""
        _gather(self, key, days, evidence)

    def unlikely_on(self, key: Key, day: int) -> tuple[tuple[Flow, Constraint], ...]:
        """Return the unlikely claims about a day, each with its flow: see ledger.unlikely."""
        known = self._unlikely.get((key, day))
        return () if known is None else known.unlikely

    def people_on(self, key: Key, day: int, *, likely: bool = False) -> float:
        """Return the people of a day; `likely`: the most that claims give which are not unlikely."""
        known = self._unlikely.get((key, day)) if likely else None
        if known is not None:
            return known.likely
        people = self.series[key].bins.get(day) if key in self.series else None
        return 0.0 if people is None else people.best

    def corroborated_people(self, key: Key, day: int) -> float:
        """Return the corroborated people of a day: see rules.corroboration."""
        told = self._day(key, day)
        return 0.0 if told is None else told.corroborated

    def witnesses(self, key: Key, day: int) -> dict[str, float]:
        """Return the weight of each origin of reports on a day, here or below: see rules.corroboration."""
        told = self._day(key, day)
        return {} if told is None else told.witnesses


def _gather(node: Node, key: Key, days: Iterable[int], evidence: Gathered) -> None:
    for day in days:
        cites = node.cites(key, day)
        if evidence.full and not cites.statements:
            evidence.beyond(cites.count_total)
        else:
            evidence.add(cites)


def _keep(days: set[int], day: int, *, wanted: bool) -> None:
    if wanted:
        days.add(day)
    else:
        days.discard(day)
