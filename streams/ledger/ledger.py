"""The ledger: every claim by identity, the tree of flows, and the figures derived from the set of claims.

The ledger stores only claims. Day bins, citations and conflicts are derived from them, so a recovered ledger has the
same figures as one that processed every correction.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from bordertally.streams.flows import Flow, depth, is_destination, parent
from bordertally.streams.ledger.aliases import names_of, speaker_of, voice_of
from bordertally.streams.ledger.causes import FOREVER, Cause, capped
from bordertally.streams.ledger.corridors.nodes import CorridorNode, DestinationNode
from bordertally.streams.ledger.corridors.records import (
    CorridorFigures,
    CorridorVersion,
    decode_version,
    destination_of_corridor,
    encode,
)
from bordertally.streams.ledger.rows import (
    BLOCK_DAYS,
    CORRIDOR_KINDS,
    Key,
    Row,
    StoredVersions,
    decode_arrivals,
    decode_claims,
    decode_row,
    decode_versions,
    encode_row,
)
from bordertally.streams.ledger.tree import Node
from bordertally.streams.ledger.unlikely import judge
from bordertally.streams.ledger.versions import (
    UNMOVED,
    FirstArrivals,
    Outcome,
    block_of,
    outcome_of,
    passed_over,
)
from bordertally.streams.periods import iso_day
from bordertally.streams.reports.claims import Claim, address_of, citation, is_reading, period_of, reading_of
from bordertally.streams.reports.notices import ReportNotice
from bordertally.streams.reports.readings import Columns, Readings
from bordertally.streams.reports.records import Measure
from bordertally.streams.reports.sources import counts


class Applied(NamedTuple):
    """The result of a batch of claims: outcomes by source, the rows to store, the flows to report on, lowest first.

    `spoken`: by flow, the days of the claims, changed or not. `causes`: by flow, the reports that may have changed
    figures of earlier batches. `notices`: by source, which versions were passed over, and why.
    """

    outcomes: Counter[tuple[str, Outcome]]
    rows: list[Row]
    flows: list[Flow]
    spoken: dict[Flow, set[int]]
    causes: dict[Flow, list[Cause]]
    notices: Counter[tuple[str, ReportNotice]]


class _Touched:
    """The days of a series that claims touch, here or below, since the last flush.

    `due`: those whose bin may change. `figures`: those whose bin has changed, or who tells of them. On other days only
    the evidence is another.
    """

    def __init__(self) -> None:
        self.days: set[int] = set()
        self.due: set[int] = set()
        self.figures: set[int] = set()

    def claimed(self, days: Iterable[int]) -> None:
        """Add days that a claim of the series itself is about."""
        self.days.update(days)
        self.due.update(days)

    def follow(self, other: _Touched) -> None:
        """Add the days of a series below, or of a part."""
        self.days |= other.days
        self.due |= other.figures
        self.figures |= other.figures


class _Batch:
    """The changes since the last flush."""

    def __init__(self) -> None:
        self.outcomes: Counter[tuple[str, Outcome]] = Counter()
        self.rows: set[Row] = set()
        self.touched: dict[Flow, dict[Key, _Touched]] = defaultdict(lambda: defaultdict(_Touched))
        self.spoken: dict[Flow, set[int]] = defaultdict(set)
        self.causes: dict[Flow, list[Cause]] = defaultdict(list)
        self.notices: Counter[tuple[str, ReportNotice]] = Counter()


class Ledger:
    """The claims of several trees of flows. Not thread-safe.

    `aliases`: by other name, the flow of the place. Claims under either name are claims on that flow; each is stored
    under the name that its report used.
    """

    def __init__(self, aliases: Mapping[Flow, Flow] | None = None) -> None:
        self.aliases = dict(aliases or {})
        self._names = names_of(self.aliases)
        self.nodes: dict[Flow, Node] = {}
        self.clocks: dict[Flow, int | None] = {}  # by origin, the day by which silences were last judged
        self.heard: dict[str, int] = {}
        """By source, when its newest claim was published: microseconds since 1970 UTC."""
        self.sent: dict[Flow, CorridorVersion] = {}
        """By corridor, the version of the figures that were last sent to its destination."""
        self._batch = _Batch()
        self._unordered: set[Node] = set()  # nodes with new children that are not in their place yet
        self._arrivals = FirstArrivals()

    # --- adding claims -----------------------------------------------------------------------------------------

    def apply(
        self,
        claims: Iterable[Claim],
        readings: Iterable[Readings] = (),
        corridors: Iterable[CorridorFigures] = (),
    ) -> Applied:
        """Add claims, readings and figures of corridors, and update every figure."""
        self.add(claims, readings, corridors)
        return self.flush()

    def add(
        self,
        claims: Iterable[Claim],
        readings: Iterable[Readings] = (),
        corridors: Iterable[CorridorFigures] = (),
    ) -> None:
        """Add claims, readings and figures of corridors to destinations; `flush` updates the figures.

        Idempotent: adding a claim again changes nothing.
        """
        deque(self.adding(claims, readings, corridors), 0)

    def adding(
        self,
        claims: Iterable[Claim],
        readings: Iterable[Readings] = (),
        corridors: Iterable[CorridorFigures] = (),
    ) -> Iterator[None]:
        """Add them as `add` does, one a step. Do nothing else with the ledger before the last step."""
        yield from self._adding(claims, readings, corridors)
        self._order()

    def _adding(
        self, claims: Iterable[Claim], readings: Iterable[Readings] = (), corridors: Iterable[CorridorFigures] = ()
    ) -> Iterator[None]:
        for claim in claims:
            version, news = self._arrivals.note(claim)
            if news:
                self._batch.rows.add(Row("f", Flow(claim.flow), period_of(claim).first_day))
            if is_reading(version):
                self._add_readings(Readings(*address_of(version), Columns.of([reading_of(version)])))
            else:
                self._add(version)
            yield
        for group in readings:
            self._add_readings(self._arrivals.note_readings(group))
            yield
        for figures in corridors:
            self._add_corridor(figures)
            yield

    def flush(self) -> Applied:
        """Update every figure; return what the claims since the last flush changed.

        `flows` names the flows of all claims and their ancestors, changed or not: redelivered claims lead to the same
        output again.
        """
        for _ in self.flushing():
            pass
        batch, self._batch = self._batch, _Batch()
        flows = self._with_ancestors(batch.spoken.keys())
        causes = self._causes_told(flows, batch.causes) if batch.causes else {}
        return Applied(batch.outcomes, sorted(batch.rows), flows, batch.spoken, causes, batch.notices)

    def _add(self, claim: Claim) -> None:
        node, batch, period = self._node(Flow(claim.flow)), self._batch, period_of(claim)
        self._hear(node, claim.source, claim.published)
        days = range(period.first_day, period.last_day + 1)
        crossings = claim.measure == Measure.CROSSINGS
        batch.spoken[node.flow].update(days if crossings else ())  # other measures are not figures of a day
        key = Key(claim.population, claim.unit)
        if not crossings:
            outcome = _note(node, claim)
        else:
            node.spanned(period.first_day, period.last_day)
            series = node.open(key)
            if claim.text is not None or claim.historic:
                node.heard_kind(claim)
            before = series.claims.get(claim.identity)
            outcome = series.add(claim, period)
            notice = passed_over(claim, before, outcome, claim.flow, iso_day(period.first_day))
            if notice is not None:
                batch.notices[claim.source, notice] += 1
            kept, gone, came = node.levels.add(claim)
            if kept:
                batch.rows.add(Row("c", Flow(claim.flow), period.first_day // BLOCK_DAYS))
            if gone or came:
                node.views.levels_changed(gone, came)
            if outcome not in UNMOVED:
                if any(version is not None and not counts(version.grade) for version in (claim, before)):
                    node.views.unverified_changed(before, claim)
                batch.touched[node.flow][key].claimed(days)
            self._keep_replaced(node, before, claim, outcome)
            if outcome is not Outcome.STALE or gone or came:
                far = gone or came or _reaches_far(claim)
                last = FOREVER if far else period.last_day
                batch.causes[node.flow].append(Cause.of(claim.citation, period.first_day, last, outcome))
        batch.outcomes[claim.source, outcome] += 1
        if outcome not in UNMOVED:
            node.views.claims_changed()
            batch.rows.add(Row("c", Flow(claim.flow), period.first_day // BLOCK_DAYS))

    def _keep_replaced(self, node: Node, before: Claim | None, claim: Claim, outcome: Outcome) -> None:
        """Keep two versions of one claim, one of which replaces the other."""
        if before is None or outcome is Outcome.DUPLICATE:
            return
        key, period = Key(claim.population, claim.unit), period_of(claim)
        if node.open(key).replaced.note(before, claim):
            node.mark("revised")
            self._batch.rows.add(Row("v", Flow(claim.flow), block_of(claim.identity)))
            self._batch.touched[node.flow][key].days.update(range(period.first_day, period.last_day + 1))

    def _add_readings(self, group: Readings) -> None:
        node, batch = self._node(Flow(group.flow)), self._batch
        self._hear(node, group.source, max(group.columns.published))
        key = Key(group.population, group.unit)
        name = Flow(group.flow)
        added = node.open(key).count(voice_of(group.source, name, node.flow), group.columns)
        node.spanned(min(added.days), max(added.days))
        batch.spoken[node.flow] |= added.days
        for outcome, number in added.outcomes.items():
            batch.outcomes[group.source, outcome] += number
        for day, new, before, outcome in added.versions:
            notice = passed_over(new, before, outcome, group.flow, iso_day(day))
            if notice is not None:
                batch.notices[group.source, notice] += 1
        if added.touched:
            if node.names:
                node.views.claims_changed()  # readings under several names may be listed
            batch.touched[node.flow][key].claimed(added.touched)
            batch.rows.update(Row("r", name, day) for day in added.stored)
        batch.causes[node.flow] += [  # new readings only add to their days, so they withdraw no alert
            Cause.of(citation(group.source, report), first, last, outcome)
            for report, first, last, outcome in added.known
        ]

    def _add_corridor(self, figures: CorridorFigures) -> None:
        corridor, batch = self._corridor(figures.flow), self._batch
        node = self.nodes[destination_of_corridor(figures.flow)]
        is_new, head = not corridor.head.version.number, corridor.head
        changes = corridor.apply(figures)
        told = {day.day for series in figures.series for day in series.days}
        if told:
            corridor.spanned(min(told), max(told))
        for key in {*[series.key for series in figures.series], *changes.days}:
            node.open(key)
            touched = batch.touched[node.flow][key]
            if changes.days or corridor.head.projections != head.projections:
                touched.days |= told | changes.days[key]
            touched.due |= changes.figures[key]
            touched.figures |= changes.figures[key]
        if corridor.head != head:
            batch.rows.add(Row("h", figures.flow, 0))
        batch.rows.update([Row("d", figures.flow, day) for day in changes.rows])
        if node.shown:
            batch.spoken[node.flow] |= told.union(*changes.days.values())
            if is_new or not changes.rows:  # the destination may be new to readers, or its last state lost in a crash
                for series in node.series.values():
                    batch.spoken[node.flow] |= series.bins.keys()
        batch.causes[node.flow] += figures.causes

    def _corridor(self, flow: Flow) -> CorridorNode:
        node = self._node(destination_of_corridor(flow))
        assert isinstance(node, DestinationNode)
        return node.corridor(flow)

    def next_version(self, flow: Flow, offset: int) -> CorridorVersion:
        """Return the version of the figures of a corridor that are sent now, and note it for the row `t`.

        `offset`: of the newest message behind them.
        """
        number = self.sent[flow].number if flow in self.sent else 0
        version = self.sent[flow] = CorridorVersion(number + 1, offset)
        return version

    def _hear(self, node: Node, source: str, published: int) -> None:
        node.claimed = True
        node.heard(published)
        if self.heard.get(source, -1) < published:
            self.heard[source] = published

    @property
    def doubled(self) -> int:
        """The number of periods for which a source reports different figures under several names of one place."""
        places = [self.nodes[place] for place in self._names if place in self.nodes]
        return sum(len(series.doubled()) for place in places for series in place.series.values())

    def _node(self, flow: Flow) -> Node:
        """Return the node of a flow, or of the place that it names; create it and its ancestors when missing."""
        node = self.nodes.get(flow)
        if node is None:
            place = self.aliases.get(flow)
            if place is not None:
                return self._node(place)
            over = parent(flow)
            above = None if over is None else self._node(over)
            kind = DestinationNode if is_destination(flow) else Node
            node = self.nodes[flow] = kind(flow, above, self._names.get(flow, ()))
            if above is not None:
                above.adopt(node)
                self._unordered.add(above)
        return node

    def _order(self) -> None:
        for node in self._unordered:
            node.order()
        self._unordered.clear()

    def published_anew(self, flows: Iterable[Flow]) -> Applied:
        """Return the result of no claims at all that makes these flows and all their days be published again."""
        known = sorted([flow for flow in flows if flow in self.nodes], key=lambda flow: (-depth(flow), flow))
        days = {flow: {day for series in self.nodes[flow].series.values() for day in series.bins} for flow in known}
        return Applied(Counter(), [], known, days, {}, Counter())

    def days_told(self, applied: Applied) -> dict[Flow, set[int]]:
        """Return by flow the days whose figures may depend on the claims of `applied`, changed or not.

        Call this before adding anything else.
        """
        days_of_flow = {flow: set(applied.spoken.get(flow, ())) for flow in applied.flows}
        for flow in applied.flows:
            node, days = self.nodes[flow], days_of_flow[flow]
            for key, series in node.series.items():
                tied = node.tied(key, days)
                days |= series.span(days | tied if tied else days)
            if node.above is not None:
                days_of_flow[node.above.flow] |= days
        return days_of_flow

    def _causes_told(self, flows: list[Flow], causes: Mapping[Flow, list[Cause]]) -> dict[Flow, list[Cause]]:
        """Return the causes of each flow and of the flows below it, each widened to all days that depend on its days.

        `flows`: lowest first.
        """
        of_flow: dict[Flow, list[Cause]] = {flow: list(causes.get(flow, ())) for flow in flows}
        for flow in flows:
            node = self.nodes[flow]
            of_flow[flow] = [_widened(node, cause) for cause in capped(of_flow[flow])]
            if node.above is not None:
                of_flow[node.above.flow] += of_flow[flow]
        return of_flow

    def _with_ancestors(self, flows: Collection[Flow]) -> list[Flow]:
        every = set(flows)
        for flow in flows:
            above = parent(flow)
            while above is not None and above not in every:
                every.add(above)
                above = parent(above)
        return sorted(every, key=lambda flow: (-depth(flow), flow))

    # --- figures -----------------------------------------------------------------------------------------------

    def flushing(self) -> Iterator[None]:
        """Update every figure, a flow a step; call `flush` after the last step, and add nothing in between.

        Touched days are recomputed from the leaves up, each flow once: parts before the whole, children before both.
        """
        self._order()
        batch = self._batch
        touched, batch.touched = batch.touched, defaultdict(lambda: defaultdict(_Touched))
        waiting: dict[int, set[Flow]] = defaultdict(set)
        for flow in touched:
            waiting[depth(flow)].add(flow)
        for level in range(max(waiting, default=-1), -1, -1):
            for flow in sorted(waiting[level]):
                node, series = self.nodes[flow], touched[flow]
                for part in sorted([key for key in series if key.population != "people"]):
                    self._recompute_series(node, part, series[part], batch)
                    if series[part].days:  # days of a part are days of the whole
                        series[Key("people", part.unit)].follow(series[part])
                for whole in sorted([key for key in series if key.population == "people"]):
                    self._recompute_series(node, whole, series[whole], batch)
                if node.above is not None:
                    above = node.above.flow
                    for key, of_series in series.items():
                        if of_series.days:
                            touched[above][key].follow(of_series)
                            waiting[level - 1].add(above)
                yield

    def _recompute_series(self, node: Node, key: Key, touched: _Touched, batch: _Batch) -> None:
        """Recompute one series where it is touched; add every other day whose bin changed."""
        series, days = node.open(key), touched.days
        judged = judge(node, key, days) if days else set[int]()
        if judged:
            touched.claimed(judged)
            series.unsettle(judged)
            batch.spoken[node.flow] |= judged
        if node.below(key) or node.parts(key):
            bound = series.bound(node.floors_on(key, touched.due | node.tied(key, touched.due)))
            touched.claimed(bound - touched.due)
            touched.figures |= bound
        changed = series.recompute(touched.due)
        days |= changed
        if series.groups.movable:  # other bounds about the same days leave the flow above other room
            node.mark("tying")
            touched.figures |= days
        touched.figures |= changed if len(node.series) == 1 else days  # claims about a part show in no bin of the whole
        node.moved(key, days, touched.figures)

    def _restore_versions(self, flow: Flow, stored: Iterable[StoredVersions]) -> None:
        node = self._node(flow)
        for identity, versions in stored:
            node.open(Key(identity.population, identity.unit)).replaced.restore(identity, versions)
            node.mark("revised")

    def _restore_corridor(self, row: Row, value: bytes) -> None:
        corridor, node = self._corridor(row.flow), self.nodes[destination_of_corridor(row.flow)]
        if row.kind == "h":
            corridor.restore_head(value)
            return
        corridor.spanned(row.number, row.number)
        for key in corridor.restore_day(row.number, value):
            node.open(key)
            self._batch.touched[node.flow][key].claimed([row.number])

    # --- storage -----------------------------------------------------------------------------------------------

    def row(self, row: Row) -> bytes:
        """Return the stored form of a row: all its claims, withdrawn claims too."""
        kind, flow, number = row
        if kind == "f":
            return msgspec.msgpack.encode(self._arrivals.of(flow, number))
        if kind == "t":
            return encode(self.sent[flow])
        if kind in CORRIDOR_KINDS:
            corridor = self._corridor(flow)
            return corridor.rows[number] if kind == "d" else encode(corridor.head)
        node = self._node(flow)
        if kind == "r":
            voices = _voices(node, number)
            if node.names:
                named = [(key, speaker_of(voice, node.flow), columns) for key, voice, columns in voices]
                voices = [(key, source, columns) for key, (name, source), columns in named if name == flow]
            return encode_row(voices)
        if kind == "v":
            return encode_row([row for series in node.series.values() for row in series.replaced.row(flow, number)])
        claims = [claim for series in node.series.values() for claim in series.begun(number)]
        claims += [claim for claim in node.levels.begun(number) if claim not in claims]
        claims += [claim for claim in node.noted.values() if period_of(claim).first_day // BLOCK_DAYS == number]
        return msgspec.msgpack.encode([claim for claim in claims if claim.flow == flow] if node.names else claims)

    def stored(self, rows: Mapping[Row, bytes]) -> None:
        """Note that these rows are stored safely, so their older days can be packed."""
        for (kind, flow, number), value in sorted(rows.items()):  # a later day packs those before it
            if kind == "r":
                node = self._node(flow)
                node.stored(number, encode_row(_voices(node, number)) if node.names else value)

    def dissolving(self) -> Iterator[None]:
        """Give up the flows one by one, so that their memory is freed at once. The ledger is unusable afterwards.

        Flows refer to the flow above and to those below, a circle that only the garbage collector would find.
        """
        while self.nodes:
            _, node = self.nodes.popitem()
            node.above = None
            node.children = {}
            yield

    @classmethod
    def restored(cls, rows: Iterable[tuple[bytes, bytes]], aliases: Mapping[Flow, Flow] | None = None) -> Ledger:
        """Return a ledger from stored rows, with every figure computed from them."""
        ledger = cls(aliases)
        for row, value in sorted((Row.of(key), value) for key, value in rows):
            if row.kind == "a":
                continue
            if row.kind in CORRIDOR_KINDS:
                ledger._restore_corridor(row, value)
                continue
            if row.kind == "t":
                ledger.sent[row.flow] = decode_version(value)
                continue
            if row.kind == "f":
                ledger._arrivals.restore(row.flow, row.number, decode_arrivals(value))
                continue
            if row.kind == "c":
                deque(ledger._adding(decode_claims(value)), 0)
                continue
            if row.kind == "v":
                ledger._restore_versions(row.flow, decode_versions(value))
                continue
            for (population, unit), source, columns in decode_row(value):
                ledger._add_readings(Readings(row.flow, source, population, unit, columns))
            ledger.stored({row: value})
        ledger.flush()
        return ledger


def _voices(node: Node, day: int) -> list[tuple[Key, str, Columns]]:
    """Return the readings of a flow that begin on a day, by series and voice."""
    return [
        (key, voice, columns)
        for key, series in node.series.items()
        for voice, columns in sorted(series.counts.begun(day).items())
    ]


def _reaches_far(claim: Claim) -> bool:
    """Whether a claim may affect more than the bins of its period: it states a level, or does not count."""
    return claim.normal is not None or claim.change_percent is not None or not counts(claim.grade)


def _note(node: Node, claim: Claim) -> Outcome:
    key = claim.identity
    outcome = outcome_of(claim, node.noted.get(key))
    if outcome not in UNMOVED:
        node.noted[key] = claim
    return outcome


def _widened(node: Node, cause: Cause) -> Cause:
    first, last = cause.first, cause.last
    for key, series in node.series.items():
        tied = node.tied(key, range(first, last + 1)) if node.tying and last < FOREVER else ()
        first, last = series.reach(min(first, *tied, first), max(last, *tied, last))
    if (first, last) == (cause.first, cause.last):
        return cause
    return msgspec.structs.replace(cause, first=first, last=last)
