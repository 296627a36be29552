"""The ledger: every claim by identity, the tree of flows, and the figures that follow from the set of claims alone.

What is kept are claims; day bins, cites and conflicts are derived from them, so a recovered ledger and one that
lived through every correction come to the same figures.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from math import fsum
from typing import NamedTuple

import msgspec

from streams.flows import Flow, depth, parent
from streams.memo import Memo
from streams.periods import Period
from streams.reconcile import Bin
from streams.records import Claim
from streams.series import CITED, NOTHING, UNMOVED, Outcome, Reading, Series, outcome_of, period_of, reaches_far

BLOCK_DAYS = 32
"""Statements are stored in rows of so many days of period start, so a row stays small however long a flow lives."""


class Key(NamedTuple):
    """A series within a flow."""

    population: str
    unit: str


PEOPLE = Key("people", "people")


class Node:
    """A flow in the tree: its own series and those below it, both in the order of their names.

    Sums of floats depend on their order, so nothing here may depend on which report came first.
    """

    def __init__(self, flow: Flow, above: Node | None) -> None:
        self.flow = flow
        self.above = above
        self.children: dict[Flow, Node] = {}
        self.series: dict[Key, Series] = {}
        self.noted: dict[tuple[str, int, int, str, str, str], Claim] = {}
        self.published = 0
        self.memo = Memo()
        self._own_last: dict[Key, int | None] = {}

    def parts(self, key: Key) -> list[Series]:
        """The series that are lower bounds for this one: parts of the people counted in the same unit."""
        if key.population != "people":
            return []
        return [series for each, series in self.series.items() if each.unit == key.unit and each.population != "people"]

    def open(self, key: Key) -> Series:
        """The series of this name, begun where there is none yet."""
        series = self.series.get(key)
        if series is None:
            series = Series()
            self.series = dict(sorted([*self.series.items(), (key, series)]))
        return series

    def adopt(self, child: Node) -> None:
        """Put a flow below this one."""
        self.children = dict(sorted([*self.children.items(), (child.flow, child)]))

    def below(self, key: Key) -> list[Series]:
        """The series of this name of the flows below, by flow."""
        return [series for child in self.children.values() if (series := child.series.get(key)) is not None]

    def known(self, key: Key) -> list[Node]:
        """The children that have ever made a counting claim on this series, by flow."""
        return [
            child for child in self.children.values() if (series := child.series.get(key)) is not None and series.bins
        ]

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

    def own_covers(self, key: Key, day: int) -> bool:
        """Whether the flow's own claims (its own parts included) touch the day."""
        own = [self.series[key]] if key in self.series else []
        return any(one.own_covers(day) for one in [*own, *self.parts(key)])

    def heard(self, published: int) -> None:
        """A report on this flow was published then: news of it and of those above."""
        node: Node | None = self
        while node is not None and node.published < published:
            node.published = published
            node = node.above

    def forget_own(self) -> None:
        """Own claims changed: work out anew how far they reach."""
        self._own_last.clear()


class Row(NamedTuple):
    """Where claims are stored: `r|flow|day` for readings, `c|flow|block` for statements."""

    kind: str
    flow: str
    number: int

    @property
    def key(self) -> bytes:
        """The key of the row in the table."""
        return f"{self.kind}|{self.flow}|{self.number}".encode()


class Applied(NamedTuple):
    """What a batch of claims did: outcomes by source, the rows to store, the flows to speak of, lowest first."""

    outcomes: Counter[tuple[str, Outcome]]
    rows: list[bytes]
    flows: list[Flow]


class Ledger:
    """The claims of some trees of flows. Not safe to share between threads."""

    def __init__(self) -> None:
        self.nodes: dict[Flow, Node] = {}

    # --- claims in ---------------------------------------------------------------------------------------------

    def apply(self, claims: Iterable[Claim]) -> Applied:
        """Take claims and bring every figure up to date.

        Idempotent: claims seen before change nothing. `flows` names every flow spoken of and its ancestors, changed
        or not, so a batch that is delivered again leads to the same output again.
        """
        outcomes: Counter[tuple[str, Outcome]] = Counter()
        rows: set[Row] = set()
        touched: dict[Flow, dict[Key, set[int]]] = defaultdict(lambda: defaultdict(set))
        spoken: set[Flow] = set()
        for claim in claims:
            flow = Flow(claim.flow)
            node = self.nodes.get(flow) or self._node(flow)
            spoken.add(flow)
            period = period_of(claim)
            outcome = self._put(node, claim, period, touched)
            outcomes[claim.source, outcome] += 1
            if outcome not in UNMOVED:
                rows.add(row_of(claim, period))
        self._settle(touched)
        return Applied(outcomes, sorted(row.key for row in rows), self._with_ancestors(spoken))

    def _put(self, node: Node, claim: Claim, period: Period, touched: dict[Flow, dict[Key, set[int]]]) -> Outcome:
        node.heard(claim.published)
        if claim.measure != "crossings":
            return _note(node, claim)
        key = Key(claim.population, claim.unit)
        series = node.open(key)
        held = None if period.part_of_day else series.claims.get((claim.source, claim.start, claim.end))
        outcome = series.put(claim, period)
        if outcome not in UNMOVED:
            node.forget_own()
            if any(one is not None and reaches_far(one) for one in (claim, held)):
                node.memo.forget()
            touched[node.flow][key].update(range(period.first_day, period.last_day + 1))
        return outcome

    def _node(self, flow: Flow) -> Node:
        node = self.nodes.get(flow)
        if node is None:
            over = parent(flow)
            above = None if over is None else self._node(over)
            node = self.nodes[flow] = Node(flow, above)
            if above is not None:
                above.adopt(node)
        return node

    def _with_ancestors(self, flows: set[Flow]) -> list[Flow]:
        every = set(flows)
        for flow in flows:
            above = parent(flow)
            while above is not None and above not in every:
                every.add(above)
                above = parent(above)
        return sorted(every, key=lambda flow: (-depth(flow), flow))

    # --- figures -----------------------------------------------------------------------------------------------

    def _settle(self, touched: dict[Flow, dict[Key, set[int]]]) -> None:
        """Recompute touched days from the leaves up, each flow once: parts before the whole, children before both."""
        waiting: dict[int, set[Flow]] = defaultdict(set)
        for flow in touched:
            waiting[depth(flow)].add(flow)
        for level in range(max(waiting, default=-1), -1, -1):
            for flow in sorted(waiting[level]):
                node, days = self.nodes[flow], touched[flow]
                above = parent(flow)
                for part in sorted(key for key in days if key.population != "people"):
                    self._settle_series(node, part, days[part])
                    if days[part]:  # days of a part are days of the whole
                        days[Key("people", part.unit)] |= days[part]
                for whole in sorted(key for key in days if key.population == "people"):
                    self._settle_series(node, whole, days[whole])
                for key, changed in days.items():
                    if above is not None and changed:
                        touched[above][key] |= changed
                        waiting[level - 1].add(above)

    def _settle_series(self, node: Node, key: Key, days: set[int]) -> None:
        """Recompute one series on its touched days; `days` becomes the days whose bin or evidence changed."""
        series = node.open(key)
        wide = series.span(days)
        below = node.below(key)
        parts = node.parts(key)
        floors = {day: floor for day in wide if (floor := _floor(day, below, parts)) is not None}
        changed = series.settle(wide, floors)
        for day in wide:
            cites = series.own_cites(day).plus(one.cites[day] for one in [*parts, *below] if day in one.cites)
            if cites.statements or cites.count_total:
                if series.cites.get(day) != cites:
                    series.cites[day] = cites
                    changed.add(day)
            elif series.cites.pop(day, None) is not None:
                changed.add(day)
        days.clear()
        days |= changed
        node.memo.changed(changed)

    # --- storage -----------------------------------------------------------------------------------------------

    def row(self, key: bytes) -> bytes:
        """The stored form of a row (see Row.key): all its claims, withdrawn ones too."""
        kind, flow, block = key.decode().split("|")
        node = self.nodes[Flow(flow)]
        if kind == "r":
            return msgspec.msgpack.encode(
                [
                    (series_key, source, list(held.values()))
                    for series_key, series in node.series.items()
                    for source, held in sorted(series.readings.get(int(block), {}).items())
                ]
            )
        claims = [claim for series in node.series.values() for claim in series.claims.values()]
        claims += node.noted.values()
        return msgspec.msgpack.encode(
            [claim for claim in claims if period_of(claim).first_day // BLOCK_DAYS == int(block)]
        )

    @classmethod
    def restored(cls, rows: Iterable[tuple[bytes, bytes]]) -> Ledger:
        """A ledger out of stored rows; every figure is worked out anew."""
        ledger = cls()
        touched: dict[Flow, dict[Key, set[int]]] = defaultdict(lambda: defaultdict(set))
        for key, value in rows:
            for claim in _stored(key, value):
                ledger._put(ledger._node(Flow(claim.flow)), claim, period_of(claim), touched)
        ledger._settle(touched)
        return ledger


def row_of(claim: Claim, period: Period) -> Row:
    """The row a claim is stored in."""
    if period.part_of_day and claim.measure == "crossings":
        return Row("r", claim.flow, period.first_day)
    return Row("c", claim.flow, period.first_day // BLOCK_DAYS)


_decode_claims = msgspec.msgpack.Decoder(list[Claim]).decode
_decode_readings = msgspec.msgpack.Decoder(list[tuple[tuple[str, str], str, list[Reading]]]).decode


def _stored(key: bytes, value: bytes) -> Iterator[Claim]:
    kind, flow, _ = key.decode().split("|")
    if kind == "c":
        yield from _decode_claims(value)
        return
    for (population, unit), source, readings in _decode_readings(value):
        for one in readings:
            yield Claim(
                flow=flow,
                source=source,
                report=one.report,
                published=one.published,
                grade=one.grade,
                start=one.start,
                end=one.end,
                local_start=one.local_start,
                local_end=one.local_end,
                qualifier="at_least" if one.high is None else "count",
                low=one.low,
                best=one.best,
                high=one.high,
                population=population,
                unit=unit,
            )


def _note(node: Node, claim: Claim) -> Outcome:
    key = (claim.source, claim.start, claim.end, claim.population, claim.unit, claim.measure)
    held = node.noted.get(key)
    outcome = outcome_of(claim, held)
    if outcome not in UNMOVED:
        node.noted[key] = claim
    return outcome


def _floor(day: int, below: list[Series], parts: list[Series]) -> Bin | None:
    """What a flow holds at least on a day: its children added up, or the largest of its parts."""
    children = [one.bins[day] for one in below if day in one.bins]
    options = [one.bins[day] for one in parts if day in one.bins]
    if children:
        options.append(
            Bin(
                fsum(one.low for one in children),
                fsum(one.best for one in children),
                fsum(max(one.best, one.high or 0.0) for one in children),
                all(one.full for one in children),
            )
        )
    if not options:
        return None
    return Bin(
        max(one.low for one in options),
        max(one.best for one in options),
        max(max(one.best, one.high or 0.0) for one in options),
        any(one.full for one in options),
    )


def evidence(series: Series, days: Iterable[int]) -> tuple[list[str], int]:
    """The reports behind some days of a series: at most CITED ids, statements first, and how many there are."""
    cites = NOTHING.plus(series.cites[day] for day in sorted(days, reverse=True) if day in series.cites)
    cited = list(dict.fromkeys([*cites.statements, *cites.counts]))
    return cited[:CITED], len(cited) + cites.beyond
