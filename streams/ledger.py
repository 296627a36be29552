"""The ledger: every claim by identity, the tree of flows, and the figures that follow from the set of claims alone.

What is kept are claims; day bins, cites and conflicts are derived from them, so a recovered ledger and one that
lived through every correction come to the same figures.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from math import fsum
from typing import NamedTuple

import msgspec

from streams.columns import Columns, Readings
from streams.counts import Key, decode_row, encode_row
from streams.evidence import Cites, Gathered
from streams.flows import Flow, depth, parent
from streams.memo import Memo
from streams.news import FOREVER, News, capped
from streams.reconcile import Bin
from streams.records import Claim
from streams.series import Series, Stretch, Unverified, address_of, is_reading, period_of, reaches_far, reading_of
from streams.versions import UNMOVED, Outcome, outcome_of

BLOCK_DAYS = 32
"""Statements are stored in rows of so many days of period start, so a row stays small however long a flow lives."""

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
        self.noted: dict[tuple[str, int, int, str, str, str], Claim] = {}
        self.published = 0
        self.worded = False  # whether anything was ever said in words of the flow or one below it
        self.memo = Memo()
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

    def gather_stretch(self, key: Key, stretch: Stretch, evidence: Gathered) -> None:
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
        self.memo.changed(days)
        self._own_last.pop(key, None)
        self._lasts.pop(key, None)


class Row(NamedTuple):
    """Where claims are stored: `r|flow|day` for readings, `c|flow|block` for statements."""

    kind: str
    flow: Flow
    number: int

    @property
    def key(self) -> bytes:
        """The key of the row in the table."""
        return f"{self.kind}|{self.flow}|{self.number}".encode()

    @classmethod
    def of(cls, key: bytes) -> Row:
        """The inverse of `key`. Raises ValueError."""
        kind, flow, number = key.decode().split("|")
        return cls(kind, Flow(flow), int(number))


class Applied(NamedTuple):
    """What a batch of claims did: outcomes by source, the rows to store, the flows to speak of, lowest first.

    `days`: by each of these flows the days whose figures may depend on what was claimed, changed or not. `news`: the
    reports that may have moved days there were figures of already.
    """

    outcomes: Counter[tuple[str, Outcome]]
    rows: list[Row]
    flows: list[Flow]
    days: dict[Flow, set[int]]
    news: dict[Flow, list[News]]


class _Batch:
    """What claims did so far."""

    def __init__(self) -> None:
        self.outcomes: Counter[tuple[str, Outcome]] = Counter()
        self.rows: set[Row] = set()
        self.touched: dict[Flow, dict[Key, set[int]]] = defaultdict(lambda: defaultdict(set))
        self.spoken: dict[Flow, set[int]] = defaultdict(set)
        self.news: dict[Flow, list[News]] = defaultdict(list)


class Ledger:
    """The claims of some trees of flows. Not safe to share between threads."""

    def __init__(self) -> None:
        self.nodes: dict[Flow, Node] = {}
        self.clocks: dict[Flow, int | None] = {}  # of origins, what silences were last judged by (see overdue)
        self.heard: dict[str, int] = {}
        """By source, when its newest claim was published: microseconds since 1970 UTC."""
        self._batch = _Batch()

    # --- claims in ---------------------------------------------------------------------------------------------

    def apply(self, claims: Iterable[Claim], readings: Iterable[Readings] = ()) -> Applied:
        """Take claims and readings and bring every figure up to date."""
        self.take(claims, readings)
        return self.settle()

    def take(self, claims: Iterable[Claim], readings: Iterable[Readings] = ()) -> None:
        """Keep claims and readings; figures are brought up to date by `settle`.

        Idempotent: what was seen before changes nothing.
        """
        for claim in claims:
            if is_reading(claim):
                self._put_readings(Readings(*address_of(claim), Columns.of([reading_of(claim)])))
            else:
                self._put(claim)
        for group in readings:
            self._put_readings(group)

    def settle(self) -> Applied:
        """Bring every figure up to date; returns what was done since the last time.

        `flows` names every flow spoken of and its ancestors, changed or not, so claims that are delivered again lead
        to the same output again.
        """
        batch, self._batch = self._batch, _Batch()
        self._settle(batch.touched)
        flows = self._with_ancestors(batch.spoken.keys())
        days = self._days_told(flows, batch.spoken)
        news = self._news_told(flows, batch.news) if batch.news else {}
        return Applied(batch.outcomes, sorted(batch.rows), flows, days, news)

    def _put(self, claim: Claim) -> None:
        node, batch, period = self._node(Flow(claim.flow)), self._batch, period_of(claim)
        self._hear(node, claim.source, claim.published)
        days = range(period.first_day, period.last_day + 1)
        batch.spoken[node.flow].update(days if claim.measure == "crossings" else ())  # else it is no figure of a day
        key = Key(claim.population, claim.unit)
        if claim.measure != "crossings":
            outcome = _note(node, claim)
        else:
            series = node.open(key)
            if claim.text is not None:
                node.heard_words()
            held = series.claims.get((claim.source, claim.start, claim.end))
            outcome = series.put(claim, period)
            if outcome not in UNMOVED:
                if any(one is not None and reaches_far(one) for one in (claim, held)):
                    node.memo.forget()
                batch.touched[node.flow][key].update(days)
            if outcome is not Outcome.STALE:
                last = FOREVER if reaches_far(claim) else period.last_day
                batch.news[node.flow].append(News.of(claim.report, period.first_day, last, outcome))
        batch.outcomes[claim.source, outcome] += 1
        if outcome not in UNMOVED:
            node.memo.noted = None
            batch.rows.add(Row("c", node.flow, period.first_day // BLOCK_DAYS))

    def _put_readings(self, group: Readings) -> None:
        node, batch = self._node(Flow(group.flow)), self._batch
        self._hear(node, group.source, max(group.columns.published))
        key = Key(group.population, group.unit)
        put = node.open(key).counts.put(group.source, group.columns)
        batch.spoken[node.flow] |= put.days
        for outcome, number in put.outcomes.items():
            batch.outcomes[group.source, outcome] += number
        if put.touched:
            batch.touched[node.flow][key] |= put.touched
            batch.rows.update(Row("r", node.flow, day) for day in put.stored)
        if put.known:  # readings that are new add to their days and take nothing away
            batch.news[node.flow] += [News.of(*one) for one in put.known]

    def _hear(self, node: Node, source: str, published: int) -> None:
        node.heard(published)
        if self.heard.get(source, -1) < published:
            self.heard[source] = published

    def _node(self, flow: Flow) -> Node:
        """The flow in the tree, put there with those above it where it is new."""
        node = self.nodes.get(flow)
        if node is None:
            over = parent(flow)
            above = None if over is None else self._node(over)
            node = self.nodes[flow] = Node(flow, above)
            if above is not None:
                above.adopt(node)
        return node

    def _days_told(self, flows: list[Flow], spoken: Mapping[Flow, set[int]]) -> dict[Flow, set[int]]:
        """Of each flow, lowest first, the days spoken of, there or below, and those that depend on them."""
        told = {flow: set(spoken.get(flow, ())) for flow in flows}
        for flow in flows:
            node, days = self.nodes[flow], told[flow]
            for series in node.series.values():
                days |= series.span(days)
            if node.above is not None:
                told[node.above.flow] |= days
        return told

    def _news_told(self, flows: list[Flow], news: Mapping[Flow, list[News]]) -> dict[Flow, list[News]]:
        """Of each flow, lowest first, what came of it and of those below, on all days that depend on theirs."""
        told: dict[Flow, list[News]] = {flow: list(news.get(flow, ())) for flow in flows}
        for flow in flows:
            node = self.nodes[flow]
            told[flow] = [_widened(node, one) for one in capped(told[flow])]
            if node.above is not None:
                told[node.above.flow] += told[flow]
        return told

    def _with_ancestors(self, flows: Collection[Flow]) -> list[Flow]:
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
                for part in sorted([key for key in days if key.population != "people"]):
                    self._settle_series(node, part, days[part])
                    if days[part]:  # days of a part are days of the whole
                        days[Key("people", part.unit)] |= days[part]
                for whole in sorted([key for key in days if key.population == "people"]):
                    self._settle_series(node, whole, days[whole])
                if node.above is not None:
                    above = node.above.flow
                    for key, changed in days.items():
                        if changed:
                            touched[above][key] |= changed
                            waiting[level - 1].add(above)

    def _settle_series(self, node: Node, key: Key, days: set[int]) -> None:
        """Recompute one series on its touched days; to `days` come those whose bins changed with them."""
        series = node.open(key)
        wide = series.span(days)
        below = node.below(key)
        parts = node.parts(key)
        floors: dict[int, Bin] = {}
        if below or parts:
            floors = {day: floor for day in wide if (floor := _floor(day, below, parts)) is not None}
        days |= series.settle(wide, floors)
        node.moved(key, days)

    # --- storage -----------------------------------------------------------------------------------------------

    def row(self, row: Row) -> bytes:
        """The stored form of a row: all its claims, withdrawn ones too."""
        kind, flow, number = row
        node = self.nodes[flow]
        if kind == "r":
            return encode_row(
                [
                    (series_key, source, columns)
                    for series_key, series in node.series.items()
                    for source, columns in sorted(series.counts.begun(number).items())
                ]
            )
        claims = [claim for series in node.series.values() for claim in series.claims.values()]
        claims += node.noted.values()
        return msgspec.msgpack.encode([claim for claim in claims if period_of(claim).first_day // BLOCK_DAYS == number])

    def stored(self, rows: Mapping[Row, bytes]) -> None:
        """These rows are kept somewhere safe: what has grown old in them need not be kept ready here."""
        for (kind, flow, number), value in rows.items():
            if kind == "r":
                self.nodes[flow].stored(number, value)

    @classmethod
    def restored(cls, rows: Iterable[tuple[bytes, bytes]]) -> Ledger:
        """A ledger out of stored rows; every figure is worked out anew."""
        ledger = cls()
        for row, value in sorted((Row.of(key), value) for key, value in rows):
            if row.kind == "c":
                for claim in decode_claims(value):
                    ledger._put(claim)
                continue
            for (population, unit), source, columns in decode_row(value):
                ledger._put_readings(Readings(row.flow, source, population, unit, columns))
            ledger._node(row.flow).stored(row.number, value)
        ledger.settle()
        return ledger


decode_claims = msgspec.msgpack.Decoder(list[Claim]).decode


def _note(node: Node, claim: Claim) -> Outcome:
    key = (claim.source, claim.start, claim.end, claim.population, claim.unit, claim.measure)
    held = node.noted.get(key)
    outcome = outcome_of(claim, held)
    if outcome not in UNMOVED:
        node.noted[key] = claim
    return outcome


def _widened(node: Node, news: News) -> News:
    first, last = news.first, news.last
    for series in node.series.values():
        first = min(series.span((first,)))
        last = max(series.span((last,)))
    return msgspec.structs.replace(news, first=first, last=last)


def _floor(day: int, below: list[Series], parts: list[Series]) -> Bin | None:
    """What a flow holds at least on a day: its children added up, or the largest of its parts."""
    children = [held for one in below if (held := one.bins.get(day)) is not None]
    options = [held._replace(high=_most(held)) for one in parts if (held := one.bins.get(day)) is not None]
    if children:
        low, best = fsum([one.low for one in children]), fsum([one.best for one in children])
        most = fsum([_most(one) for one in children])
        options.append(Bin(low, best, most, all(one.full for one in children)))
    if len(options) < 2:
        return options[0] if options else None
    return Bin(
        max([one.low for one in options]),
        max([one.best for one in options]),
        max([_most(one) for one in options]),
        any(one.full for one in options),
    )


def _most(one: Bin) -> float:
    """The high end of a day where it has one, else what it holds at best."""
    return one.best if one.high is None or one.high < one.best else one.high


def evidence(node: Node, key: Key, days: Iterable[int]) -> tuple[list[str], int]:
    """The reports behind some days of a series: at most CITED ids, statements first, and how many there are."""
    found = Gathered()
    if key in node.series:
        node.gather(key, sorted(days, reverse=True), found)
    return found.reports()
