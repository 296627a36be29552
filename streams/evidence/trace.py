"""Traces: the claims and reports behind the figure of a flow, each with the part it plays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import msgspec

from bordertally.streams.evidence.records import Evidence, Figure, Tallied, Traced
from bordertally.streams.evidence.roles import (
    FlowEvidence,
    Part,
    Role,
    contradicted,
    days_in,
    floors_that_give_way,
    part_of,
)
from bordertally.streams.evidence.sentences import says
from bordertally.streams.evidence.tallies import SourceFigure, Tally, added_up
from bordertally.streams.flows import adds_to, depth
from bordertally.streams.ledger.rows import BLOCK_DAYS, decode_claims
from bordertally.streams.ledger.versions import in_force
from bordertally.streams.moments import published_text
from bordertally.streams.periods import DAY, iso_day, midnight, ordinal_day
from bordertally.streams.qualifiers import Bound
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.records import Measure, Unit
from bordertally.streams.reports.sources import counts
from bordertally.streams.totals.calendar import NamedPeriod, period_named, period_total
from bordertally.streams.totals.records import FlowState, Total
from bordertally.streams.totals.windows import WEEK, longest_window

MOST_CLAIMS, MOST_COUNTS = 500, 500
"""The most claims and the most tallies of a trace; those of the flow itself come first."""


MOST_FLOWS = 1_000
"""The most flows that a trace reads."""

BLOCKS, DAYS = 14, 62
"""Of each flow, the claims of the newest BLOCKS blocks of 32 days are kept, and the tallies of the newest DAYS days."""

MOST_IN_BLOCK = 1_000
"""The most claims kept of one block."""


class Kept(NamedTuple):
    """What is kept of one flow: its newest state, its claims, and its tallies by ordinal day.

    `since`: from this ordinal day on, nothing is left out. `every_day`: the state has all days of the flow.
    """

    state: FlowState
    claims: Sequence[Claim] = ()
    tallies: Mapping[int, Sequence[Tally]] = {}
    since: int = 0
    every_day: bool = False

    @classmethod
    def of(
        cls, state: FlowState, blocks: Mapping[Any, bytes], tallies: Mapping[Any, bytes], days: Sequence[int]
    ) -> Kept:
        """From stored rows: `blocks` of claims, `tallies` by ordinal day; `days` are all days with tallies."""
        rows = {int(block): decode_claims(raw) for block, raw in blocks.items()}
        since = 0
        if len(rows) >= BLOCKS:
            since = (min(rows) + 1) * BLOCK_DAYS
        if len(days) >= DAYS:
            since = max(since, min(days))
        for block, claims in rows.items():
            if len(claims) >= MOST_IN_BLOCK:
                since = max(since, (block + 1) * BLOCK_DAYS)
        claims = [claim for _, block in sorted(rows.items()) for claim in in_force(block)]
        return cls(state, claims, {int(day): _tallies_in(raw) for day, raw in tallies.items()}, since)

    def plus(self, other: Kept) -> Kept:
        """This and what is kept under another name of the same place."""
        tallies = {
            day: [*self.tallies.get(day, ()), *other.tallies.get(day, ())]
            for day in self.tallies.keys() | other.tallies.keys()
        }
        return Kept(self.state, [*self.claims, *other.claims], tallies, max(self.since, other.since))


_tallies_in = msgspec.json.Decoder(list[Tally]).decode


def bounded(row: bytes) -> bytes:
    """A row of claims, with only the newest MOST_IN_BLOCK if it holds more."""
    claims = decode_claims(row)
    if len(claims) <= MOST_IN_BLOCK:
        return row
    claims.sort(key=lambda claim: (claim.published, claim.report))
    return msgspec.msgpack.encode(claims[-MOST_IN_BLOCK:])


def window_of(state: FlowState | None, first: int | None, end: int | None) -> tuple[int, int] | None:
    """The ordinal days to trace, end exclusive: the days asked for, else the week up to the flow's `as_of`."""
    if first is not None and end is not None:
        return first, end
    window = _open_window(state, first, end)
    if window is None:
        return None
    last = date.max.toordinal()
    return max(1, min(window[0], last - 1)), max(2, min(window[1], last))


def _open_window(state: FlowState | None, first: int | None, end: int | None) -> tuple[int, int] | None:
    if state is None or not state.totals:
        return None if end is None and first is None else (first or (end or 0) - WEEK, end or (first or 0) + WEEK)
    as_of = ordinal_day(state.totals[0].as_of)
    if first is not None:
        return first, max(as_of, first + 1)
    return (as_of if end is None else end) - WEEK, as_of if end is None else end


def trace(
    flow: str,
    kept: Mapping[str, Kept],
    names: Mapping[str, str],
    first: int | None = None,
    end: int | None = None,
) -> Evidence:
    """The evidence behind the people on a flow from the ordinal day `first` to `end`, exclusive.

    `kept`: by flow, of the flow and of those below it. `names`: the names of sources by id.
    """
    own = kept.get(flow)
    window = window_of(None if own is None else own.state, first, end)
    tree = {name: _evidence(name, below) for name, below in kept.items() if name == flow or flow in adds_to(name)}
    begin, until = window or (0, date.max.toordinal())
    claims = sorted(_claims(flow, tree, names, begin, until), key=_order)
    tallied = list(_tallies(tree, names, begin, until))
    figure = None if own is None or window is None else _figure(own.state, begin, until, every_day=own.every_day)
    evidence = Evidence(
        flow=flow,
        from_=None if window is None else iso_day(begin),
        to=None if window is None else iso_day(until),
        figure=figure,
        added_up=round(added_up(_figures(tree, begin, until))),
        says=[],
        claims=claims[:MOST_CLAIMS],
        counts=tallied[:MOST_COUNTS],
        truncated=len(claims) > MOST_CLAIMS
        or len(tallied) > MOST_COUNTS
        or any(begin < below.since for below in kept.values()),
    )
    complete = msgspec.structs.replace(evidence, claims=claims, counts=tallied)
    days = range(begin, until) if window else range(0)
    floors = [sentence for below in tree.values() if days for sentence in floors_that_give_way(below, flow, days)]
    return msgspec.structs.replace(evidence, says=says(complete, floors))


def _order(claim: Traced) -> tuple[object, ...]:
    of_claim = (claim.report, claim.source, claim.population, claim.unit, claim.measure, claim.attributed_to or "")
    return depth(claim.flow), claim.flow, claim.period, claim.published, *of_claim


def _evidence(flow: str, kept: Kept) -> FlowEvidence:
    days = {ordinal_day(figure.day): figure.best for figure in kept.state.days}
    return FlowEvidence(flow, kept.claims, kept.tallies, days, kept.state.conflicts, kept.state.unlikely)


def _claims(
    root: str, tree: Mapping[str, FlowEvidence], names: Mapping[str, str], begin: int, until: int
) -> Iterable[Traced]:
    for evidence in tree.values():
        disputed = contradicted(evidence)
        for place, claim in enumerate(evidence.claims):
            days = days_in(claim)
            if days.start < until and days.stop > begin:
                placed = claim
                if claim.flow != evidence.flow:  # the report used another name of the place
                    placed = msgspec.structs.replace(claim, flow=evidence.flow)
                part = part_of(placed, tree, root, disputed.get(place))
                if placed is not claim:
                    part = part._replace(why=f"{part.why}; reported as {claim.flow}")
                inside = min(days.stop, until) - max(days.start, begin)
                if part.role is Role.COUNTED and inside < len(days):
                    share = f"{inside:,} of its {len(days):,} days {'lies' if inside == 1 else 'lie'} in this period"
                    part = part._replace(why=f"{part.why}; {share}")
                yield _traced(placed, part, names, evidence)


SHOWN = tuple(
    name
    for name in Traced.__struct_fields__
    if name in Claim.__struct_fields__ and name not in ("published", "low", "best", "high", "origin", "dated")
)
"""The fields that a traced claim has from the claim unchanged."""


def _traced(claim: Claim, part: Part, names: Mapping[str, str], evidence: FlowEvidence) -> Traced:
    best = None if claim.best is None else round(claim.best)
    return Traced(
        **{name: getattr(claim, name) for name in SHOWN},
        source_name=names.get(claim.source, claim.source),
        origin=claim.origin or claim.source,
        dated=None if claim.dated is None else published_text(claim.dated),
        published=published_text(claim.published),
        period=f"{_wall_clock(claim.local_start)}/{_wall_clock(claim.local_end)}",
        people=best,
        low=round(claim.low),
        best=best,
        high=None if claim.high is None else round(claim.high),
        role=part.role,
        gap=part.gap,
        percent=part.percent,
        inside=part.inside,
        why=part.why,
        unlikely=evidence.unlikely_claim(claim),
    )


def _wall_clock(local: int) -> str:
    moment = datetime.fromtimestamp(local, UTC).replace(tzinfo=None)
    return moment.date().isoformat() if local % DAY == 0 else moment.isoformat(timespec="minutes")


def _tallies(tree: Mapping[str, FlowEvidence], names: Mapping[str, str], begin: int, until: int) -> Iterable[Tallied]:
    for flow in sorted(tree, key=lambda path: (depth(path), path)):
        for day in sorted(tree[flow].tallies):
            if begin <= day < until:
                for tally in tree[flow].tallies[day]:
                    yield Tallied(
                        source=tally.source,
                        source_name=names.get(tally.source, tally.source),
                        grade=tally.grade,
                        flow=flow,
                        day=iso_day(day),
                        people=round(tally.people),
                        readings=tally.readings,
                        population=tally.population,
                        unit=tally.unit,
                        unlikely=tree[flow].unlikely_tally(tally, day),
                    )


def _calendar_figure(state: FlowState, begin: int, until: int) -> Figure | None:
    """The figure of a calendar week, month or year that the state has; None for other days."""
    for figure in state.calendar:
        if period_named(figure.period)[1:] == (begin, until):
            return Figure(figure.low, figure.best, figure.high)
    return None


def _figure(state: FlowState, begin: int, until: int, *, every_day: bool) -> Figure | None:
    """The total where the days are a window of the flow, else the days added up; None where not all days are kept.

    `every_day`: whether the state has all days of the flow.
    """
    for total in state.totals:
        if _window(total) == (begin, until):
            return Figure(total.low, total.best, total.high, total.projected)
        if not every_day and begin < _window(total)[1] - longest_window():
            return _calendar_figure(state, begin, until)  # a state has older days only if a claim is about them
    of_days = period_total(state.flow, NamedPeriod("", begin, until), state.days)
    return Figure(of_days.low, of_days.best, of_days.high) if of_days.covered_days else None


def _window(total: Total) -> tuple[int, int]:
    end = ordinal_day(total.as_of)
    return end - total.window_days, end


def _figures(tree: Mapping[str, FlowEvidence], begin: int, until: int) -> Iterable[SourceFigure]:
    """Every figure that counts, its people shared by time where its period is only partly between the days."""
    first, last = midnight(begin), midnight(until)
    for flow, evidence in tree.items():
        for claim in evidence.claims:
            people = claim.best
            left, right = max(first, claim.local_start), min(last, claim.local_end)
            if people is None or left >= right or claim.qualifier.bound is Bound.AT_MOST or not counts(claim.grade):
                continue
            if (claim.measure, claim.unit) == (Measure.CROSSINGS, Unit.PEOPLE):
                share = (right - left) / (claim.local_end - claim.local_start)
                yield SourceFigure(claim.source, flow, left, right, people * share)
        for day, tallies in evidence.tallies.items():
            for tally in tallies:
                of_people = (tally.population, tally.unit) == ("people", "people")
                if begin <= day < until and of_people and counts(tally.grade):
                    yield SourceFigure(tally.source, flow, midnight(day), midnight(day + 1), tally.people)
