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

from bordertally.streams.flows import Flow, depth, parent
from bordertally.streams.ledger.causes import FOREVER, Cause, capped
from bordertally.streams.ledger.rows import BLOCK_DAYS, Key, Row, decode_claims, decode_row, encode_row
from bordertally.streams.ledger.series import Series, reaches_far
from bordertally.streams.ledger.tree import Node
from bordertally.streams.ledger.versions import UNMOVED, Outcome, outcome_of
from bordertally.streams.reconciliation.constraints import Bin
from bordertally.streams.reports.claims import Claim, address_of, is_reading, period_of, reading_of
from bordertally.streams.reports.readings import Columns, Readings
from bordertally.streams.reports.records import Measure


class Applied(NamedTuple):
    """What a batch of claims did: outcomes by source, the rows to store, the flows to speak of, lowest first.

    `spoken`: by flow the days that were claimed, changed or not. `causes`: the reports that may have moved days there
    were figures of already.
    """

    outcomes: Counter[tuple[str, Outcome]]
    rows: list[Row]
    flows: list[Flow]
    spoken: dict[Flow, set[int]]
    causes: dict[Flow, list[Cause]]


class _Batch:
    """What claims did so far."""

    def __init__(self) -> None:
        self.outcomes: Counter[tuple[str, Outcome]] = Counter()
        self.rows: set[Row] = set()
        self.touched: dict[Flow, dict[Key, set[int]]] = defaultdict(lambda: defaultdict(set))
        self.spoken: dict[Flow, set[int]] = defaultdict(set)
        self.causes: dict[Flow, list[Cause]] = defaultdict(list)


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
        """Add claims and readings, and bring every figure up to date."""
        self.add(claims, readings)
        return self.flush()

    def add(self, claims: Iterable[Claim], readings: Iterable[Readings] = ()) -> None:
        """Add claims and readings; `flush` brings the figures up to date.

        Idempotent: a claim that was added before changes nothing.
        """
        for claim in claims:
            if is_reading(claim):
                self._add_readings(Readings(*address_of(claim), Columns.of([reading_of(claim)])))
            else:
                self._add(claim)
        for group in readings:
            self._add_readings(group)

    def flush(self) -> Applied:
        """Bring every figure up to date; returns what claims changed since the last flush.

        `flows` names every flow that a claim was about and its ancestors, changed or not: claims that are delivered
        again lead to the same output again.
        """
        batch, self._batch = self._batch, _Batch()
        self._recompute(batch.touched)
        flows = self._with_ancestors(batch.spoken.keys())
        causes = self._causes_told(flows, batch.causes) if batch.causes else {}
        return Applied(batch.outcomes, sorted(batch.rows), flows, batch.spoken, causes)

    def _add(self, claim: Claim) -> None:
        node, batch, period = self._node(Flow(claim.flow)), self._batch, period_of(claim)
        self._hear(node, claim.source, claim.published)
        days = range(period.first_day, period.last_day + 1)
        crossings = claim.measure == Measure.CROSSINGS
        batch.spoken[node.flow].update(days if crossings else ())  # else it is no figure of a day
        key = Key(claim.population, claim.unit)
        if not crossings:
            outcome = _note(node, claim)
        else:
            series = node.open(key)
            if claim.text is not None:
                node.heard_words()
            held = series.claims.get(claim.identity)
            outcome = series.add(claim, period)
            if outcome not in UNMOVED:
                if any(one is not None and reaches_far(one) for one in (claim, held)):
                    node.views.levels_changed()
                batch.touched[node.flow][key].update(days)
            if outcome is not Outcome.STALE:
                last = FOREVER if reaches_far(claim) else period.last_day
                batch.causes[node.flow].append(Cause.of(claim.report, period.first_day, last, outcome))
        batch.outcomes[claim.source, outcome] += 1
        if outcome not in UNMOVED:
            node.views.claims_changed()
            batch.rows.add(Row("c", node.flow, period.first_day // BLOCK_DAYS))

    def _add_readings(self, group: Readings) -> None:
        node, batch = self._node(Flow(group.flow)), self._batch
        self._hear(node, group.source, max(group.columns.published))
        key = Key(group.population, group.unit)
        added = node.open(key).counts.add(group.source, group.columns)
        batch.spoken[node.flow] |= added.days
        for outcome, number in added.outcomes.items():
            batch.outcomes[group.source, outcome] += number
        if added.touched:
            batch.touched[node.flow][key] |= added.touched
            batch.rows.update(Row("r", node.flow, day) for day in added.stored)
        if added.known:  # readings that are new add to their days and take nothing away
            batch.causes[node.flow] += [Cause.of(*one) for one in added.known]

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

    def days_told(self, applied: Applied) -> dict[Flow, set[int]]:
        """By each flow spoken of, the days whose figures may depend on what was claimed, changed or not.

        To be asked before anything else is added.
        """
        told = {flow: set(applied.spoken.get(flow, ())) for flow in applied.flows}
        for flow in applied.flows:
            node, days = self.nodes[flow], told[flow]
            for series in node.series.values():
                days |= series.span(days)
            if node.above is not None:
                told[node.above.flow] |= days
        return told

    def _causes_told(self, flows: list[Flow], causes: Mapping[Flow, list[Cause]]) -> dict[Flow, list[Cause]]:
        """Of each flow, lowest first, what came of it and of those below, on all days that depend on theirs."""
        told: dict[Flow, list[Cause]] = {flow: list(causes.get(flow, ())) for flow in flows}
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

    def _recompute(self, touched: dict[Flow, dict[Key, set[int]]]) -> None:
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
        days |= series.recompute(wide, floors)
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
        claims = [claim for series in node.series.values() for claim in series.begun(number)]
        claims += [claim for claim in node.noted.values() if period_of(claim).first_day // BLOCK_DAYS == number]
        return msgspec.msgpack.encode(claims)

    def stored(self, rows: Mapping[Row, bytes]) -> None:
        """These rows are kept somewhere safe: what has grown old in them need not be kept ready here."""
        for (kind, flow, number), value in sorted(rows.items()):  # a later day packs those before it
            if kind == "r":
                self.nodes[flow].stored(number, value)

    @classmethod
    def restored(cls, rows: Iterable[tuple[bytes, bytes]]) -> Ledger:
        """A ledger out of stored rows; every figure is worked out anew."""
        ledger = cls()
        for row, value in sorted((Row.of(key), value) for key, value in rows):
            if row.kind == "c":
                for claim in decode_claims(value):
                    ledger._add(claim)
                continue
            for (population, unit), source, columns in decode_row(value):
                ledger._add_readings(Readings(row.flow, source, population, unit, columns))
            ledger._node(row.flow).stored(row.number, value)
        ledger.flush()
        return ledger


def _note(node: Node, claim: Claim) -> Outcome:
    key = claim.identity
    held = node.noted.get(key)
    outcome = outcome_of(claim, held)
    if outcome not in UNMOVED:
        node.noted[key] = claim
    return outcome


def _widened(node: Node, cause: Cause) -> Cause:
    first, last = cause.first, cause.last
    for series in node.series.values():
        first, last = series.reach(first, last)
    if (first, last) == (cause.first, cause.last):
        return cause
    return msgspec.structs.replace(cause, first=first, last=last)


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
