"""Traces: from the figure of a flow down to the claims and reports behind it, each with the part it plays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import msgspec

from bordertally.streams.evidence.records import Evidence, Figure, Tallied, Traced
from bordertally.streams.evidence.roles import FlowEvidence, Part, contradicted, days_in, part_of
from bordertally.streams.evidence.sentences import says
from bordertally.streams.evidence.tallies import SourceFigure, Tally, added_up
from bordertally.streams.flows import ancestors, depth
from bordertally.streams.ledger.rows import BLOCK_DAYS, decode_claims
from bordertally.streams.moments import published_text
from bordertally.streams.periods import DAY, iso_day, midnight, ordinal_day
from bordertally.streams.qualifiers import Bound
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.records import Measure, Unit
from bordertally.streams.reports.sources import counts
from bordertally.streams.totals.records import FlowState, Total
from bordertally.streams.totals.windows import WEEK, longest_window

MOST_CLAIMS, MOST_COUNTS = 500, 500
"""A trace names at most so many claims and so many tallies; the flow's own first."""


MOST_FLOWS = 1_000
"""A trace looks into so many flows at most."""

BLOCKS, DAYS = 14, 62
"""Of each flow, statements of the newest so many blocks of 32 days are kept, and tallies of the newest so many days."""

MOST_IN_BLOCK = 1_000
"""Statements kept of one block at most."""


class Kept(NamedTuple):
    """What is known of one flow: its newest state, its statements, and its tallies by ordinal day.

    `since`: the ordinal day from which on nothing is left out.
    """

    state: FlowState
    claims: Sequence[Claim] = ()
    tallies: Mapping[int, Sequence[Tally]] = {}
    since: int = 0

    @classmethod
    def of(
        cls, state: FlowState, blocks: Mapping[Any, bytes], tallies: Mapping[Any, bytes], days: Sequence[int]
    ) -> Kept:
        """Out of stored rows: blocks of statements, tallies by ordinal day; `days` are all there are tallies of."""
        rows = {int(block): decode_claims(raw) for block, raw in blocks.items()}
        since = 0
        if len(rows) >= BLOCKS:
            since = (min(rows) + 1) * BLOCK_DAYS
        if len(days) >= DAYS:
            since = max(since, min(days))
        for block, claims in rows.items():
            if len(claims) >= MOST_IN_BLOCK:
                since = max(since, (block + 1) * BLOCK_DAYS)
        claims = [claim for _, held in sorted(rows.items()) for claim in held]
        return cls(state, claims, {int(day): _tallies_in(raw) for day, raw in tallies.items()}, since)


_tallies_in = msgspec.json.Decoder(list[Tally]).decode


def bounded(row: bytes) -> bytes:
    """A row of statements, of which only the newest MOST_IN_BLOCK are kept where it holds more."""
    claims = decode_claims(row)
    if len(claims) <= MOST_IN_BLOCK:
        return row
    claims.sort(key=lambda claim: (claim.published, claim.report))
    return msgspec.msgpack.encode(claims[-MOST_IN_BLOCK:])


def window_of(state: FlowState | None, first: int | None, end: int | None) -> tuple[int, int] | None:
    """The days to trace, end exclusive: those asked for, else the week up to `as_of` of the flow."""
    if first is not None and end is not None:
        return first, end
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
    """What stands behind the people on a flow from the ordinal day `first` up to `end`, exclusive.

    `kept`: of the flow and of those below it. `names`: sources' names by id.
    """
    own = kept.get(flow)
    window = window_of(None if own is None else own.state, first, end)
    tree = {name: _held(name, one) for name, one in kept.items() if name == flow or flow in ancestors(name)}
    begin, until = window or (0, date.max.toordinal())
    claims = sorted(_claims(flow, tree, names, begin, until), key=_order)
    tallied = list(_tallies(tree, names, begin, until))
    figure = None if own is None or window is None else _figure(own.state, begin, until)
    found = Evidence(
        flow=flow,
        from_=None if window is None else iso_day(begin),
        to=None if window is None else iso_day(until),
        figure=figure,
        added_up=round(added_up(_said(tree, begin, until))),
        says=[],
        claims=claims[:MOST_CLAIMS],
        counts=tallied[:MOST_COUNTS],
        truncated=len(claims) > MOST_CLAIMS
        or len(tallied) > MOST_COUNTS
        or any(begin < one.since for one in kept.values()),
    )
    return msgspec.structs.replace(found, says=says(msgspec.structs.replace(found, claims=claims, counts=tallied)))


def _order(one: Traced) -> tuple[object, ...]:
    return depth(one.flow), one.flow, one.period, one.published, one.report


def _held(flow: str, kept: Kept) -> FlowEvidence:
    days = {ordinal_day(one.day): one.best for one in kept.state.days}
    return FlowEvidence(flow, kept.claims, kept.tallies, days, kept.state.conflicts)


def _claims(
    root: str, tree: Mapping[str, FlowEvidence], names: Mapping[str, str], begin: int, until: int
) -> Iterable[Traced]:
    for held in tree.values():
        disputed = contradicted(held)
        for place, claim in enumerate(held.claims):
            days = days_in(claim)
            if days.start < until and days.stop > begin:
                yield _traced(claim, part_of(claim, tree, root, disputed.get(place)), names)


SHOWN = tuple(
    name
    for name in Traced.__struct_fields__
    if name in Claim.__struct_fields__ and name not in ("published", "low", "best", "high")
)
"""The fields that a traced claim shows as the claim carries them."""


def _traced(claim: Claim, part: Part, names: Mapping[str, str]) -> Traced:
    best = None if claim.best is None else round(claim.best)
    return Traced(
        **{name: getattr(claim, name) for name in SHOWN},
        source_name=names.get(claim.source, claim.source),
        published=published_text(claim.published),
        period=f"{_wall_clock(claim.local_start)}/{_wall_clock(claim.local_end)}",
        people=best,
        low=round(claim.low),
        best=best,
        high=None if claim.high is None else round(claim.high),
        role=part.role,
        gap=part.gap,
        inside=part.inside,
        why=part.why,
    )


def _wall_clock(local: int) -> str:
    moment = datetime.fromtimestamp(local, UTC).replace(tzinfo=None)
    return moment.date().isoformat() if local % DAY == 0 else moment.isoformat(timespec="minutes")


def _tallies(tree: Mapping[str, FlowEvidence], names: Mapping[str, str], begin: int, until: int) -> Iterable[Tallied]:
    for flow in sorted(tree, key=lambda one: (depth(one), one)):
        for day in sorted(tree[flow].tallies):
            if begin <= day < until:
                for one in tree[flow].tallies[day]:
                    yield Tallied(
                        source=one.source,
                        source_name=names.get(one.source, one.source),
                        grade=one.grade,
                        flow=flow,
                        day=iso_day(day),
                        people=round(one.people),
                        readings=one.readings,
                        population=one.population,
                        unit=one.unit,
                    )


def _figure(state: FlowState, begin: int, until: int) -> Figure | None:
    """The total where it is one of the flow's windows, else its days added up; None where not all days are at hand."""
    for total in state.totals:
        if _window(total) == (begin, until):
            return Figure(total.low, total.best, total.high, total.projected)
        if begin < _window(total)[1] - longest_window():  # of older days a state holds only those it was sent for
            return None
    inside = [one for one in state.days if begin <= ordinal_day(one.day) < until]
    if not inside:
        return None
    highs = [one.high for one in inside]
    known = [high for high in highs if high is not None]
    bounded = len(known) == until - begin
    best = sum(one.best for one in inside)
    return Figure(sum(one.low for one in inside), best, sum(known) if bounded else None)


def _window(total: Total) -> tuple[int, int]:
    end = ordinal_day(total.as_of)
    return end - total.window_days, end


def _said(tree: Mapping[str, FlowEvidence], begin: int, until: int) -> Iterable[SourceFigure]:
    first, last = midnight(begin), midnight(until)
    for flow, held in tree.items():
        for claim in held.claims:
            people = claim.best
            left, right = max(first, claim.local_start), min(last, claim.local_end)
            if people is None or left >= right or claim.qualifier.bound is Bound.AT_MOST or not counts(claim.grade):
                continue
            if (claim.measure, claim.unit) == (Measure.CROSSINGS, Unit.PEOPLE):
                share = (right - left) / (claim.local_end - claim.local_start)
                yield SourceFigure(claim.source, flow, left, right, people * share)
        for day, tallies in held.tallies.items():
            for one in tallies:
                if begin <= day < until and (one.population, one.unit) == ("people", "people") and counts(one.grade):
                    yield SourceFigure(one.source, flow, midnight(day), midnight(day + 1), one.people)
