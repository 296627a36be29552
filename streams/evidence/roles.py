"""Roles: what a claim does for the figure of a flow, and why, in words a duty officer understands."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple, assert_never

from bordertally.streams.evidence.tallies import Tally
from bordertally.streams.flows import Flow, ancestors, parent
from bordertally.streams.periods import days_of
from bordertally.streams.qualifiers import Bound
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.records import Measure, Unit
from bordertally.streams.reports.sources import counts
from bordertally.streams.totals.records import Conflict


class Role(enum.StrEnum):
    """What a claim is for a figure. Closed."""

    COUNTED = "counted"
    CONFLICT = "conflict"
    NOTED = "noted"
    WITHDRAWN = "withdrawn"


class FlowEvidence(NamedTuple):
    """What is kept of one flow: statements, tallies by ordinal day, best figures of its days, and its conflicts."""

    flow: str
    claims: Sequence[Claim]
    tallies: Mapping[int, Sequence[Tally]]
    days: Mapping[int, int]
    conflicts: Sequence[Conflict] = ()

    def on(self, days: range) -> int | None:
        """How many people these days hold together; None where one of them is not known."""
        return sum(self.days[day] for day in days) if all(day in self.days for day in days) else None


class Part(NamedTuple):
    """The part a claim plays. `inside`: the report that its people are part of already; `gap`: people it misses by."""

    role: Role
    why: str
    inside: str | None = None
    gap: int | None = None


def span(first: int, end: int) -> str:
    """Ordinal days, the end exclusive, as a person writes them: `21-27 Sep 2022`."""
    left, right = date.fromordinal(first), date.fromordinal(end - 1)
    if left == right:
        return f"{right.day} {right:%b %Y}"
    if (left.year, left.month) == (right.year, right.month):
        return f"{left.day}-{right.day} {right:%b %Y}"
    same_year = left.year == right.year
    return f"{left.day} {left:%b}{'' if same_year else f' {left.year}'} - {right.day} {right:%b %Y}"


def days_in(claim: Claim) -> range:
    """The ordinal days that a claim touches."""
    return days_of(claim.local_start, claim.local_end)


def contradicted(held: FlowEvidence) -> dict[int, Conflict]:
    """The claims of a flow that conflict, by their place among its claims.

    A conflict names its report; where that makes several claims on the flow, it is the one whose figure misses what
    its days hold by what comes nearest to the gap.
    """
    found: dict[int, Conflict] = {}
    for conflict in held.conflicts:
        places = [
            place
            for place, claim in enumerate(held.claims)
            if claim.report == conflict.report and claim.best is not None and _speaks(claim) and place not in found
        ]
        if places:
            found[min(places, key=lambda place: abs(_gap(held, held.claims[place]) - conflict.gap))] = conflict
    return found


def _gap(held: FlowEvidence, claim: Claim) -> float:
    return abs((claim.best or 0.0) - sum(held.days.get(day, 0) for day in days_in(claim)))


def part_of(claim: Claim, tree: Mapping[str, FlowEvidence], root: str, conflict: Conflict | None) -> Part:
    """The part that a claim on `root`, or on a flow below it, plays for the figure of `root`."""
    if claim.best is None:
        return Part(Role.WITHDRAWN, "the source took it back")
    if (why := _aside(claim)) is not None:
        return Part(Role.NOTED, why)
    if conflict is not None:
        rivals = ", ".join(conflict.with_) or "what else is known"
        why = f"cannot hold beside {rivals}, trusted more: {conflict.gap:,} apart"
        return Part(Role.CONFLICT, why, None, conflict.gap)
    larger = _larger(claim, tree[claim.flow])
    if larger is not None:
        return Part(Role.COUNTED, f"lies inside what {larger} says: counted once", larger)
    return _own(claim, tree[root]) if claim.flow == root else _below(claim, tree, root)


def _measured(measure: Measure) -> str:
    """What a measure is a figure of."""
    match measure:
        case Measure.CROSSINGS:
            return "people who crossed"
        case Measure.STOCK:
            return "people who are there"
        case Measure.QUEUE:
            return "a queue"
        case Measure.REFUSED:
            return "people turned back"
        case _:
            assert_never(measure)


def _aside(claim: Claim) -> str | None:
    """Why a claim is shown and not counted, if so."""
    if claim.measure != Measure.CROSSINGS:
        return f"a figure of {_measured(Measure(claim.measure))}, not of {_measured(Measure.CROSSINGS)}"
    if claim.unit != Unit.PEOPLE:
        return f"counted in {claim.unit}, which are never added to people"
    if not counts(claim.grade):
        return f"grade {claim.grade} is shown and not counted: it can only widen the upper bound"
    return None


def _own(claim: Claim, held: FlowEvidence) -> Part:
    days = days_in(claim)
    when, hold = ("this day", "holds") if len(days) == 1 else ("these days", "hold")
    there, best = held.on(days), claim.best or 0.0
    if claim.population != "people":
        return Part(Role.COUNTED, f"{claim.population} are some of the people: {when} {hold} at least as many")
    match claim.qualifier.bound:
        case Bound.EQUAL:
            return Part(Role.COUNTED, f"sets what {when} {hold}")
        case Bound.AT_LEAST if there is not None and there > best + 1:
            return Part(Role.COUNTED, f"{when} {hold} {there:,} by what else is known: it changes nothing")
        case Bound.AT_LEAST:
            return Part(Role.COUNTED, f"{when} {hold} at least so many")
        case Bound.AT_MOST:
            return Part(Role.COUNTED, f"{when} {hold} no more than so many")
        case bound:
            assert_never(bound)


def _below(claim: Claim, tree: Mapping[str, FlowEvidence], root: str) -> Part:
    days = days_in(claim)
    when, hold = ("this day", "holds") if len(days) == 1 else ("these days", "hold")
    partly = None
    for flow in ancestors(claim.flow):
        if flow in tree and len(flow) >= len(root):
            held = tree[flow]
            covering, whole = _covering(days, held, _leads(held, tree, days))
            if whole:
                there = held.on(days)
                if covering is not None and there is not None and days_in(covering) == days:
                    there = _unless_rounded(there, covering, len(days))
                holds = "" if there is None else f", where {when} {hold} {there:,}"
                report = None if covering is None else covering.report
                return Part(Role.COUNTED, f"part of {flow}{holds}: it adds nothing on top", report)
            partly = partly or covering
    if partly is not None:
        why = f"adds to {root} on the days that {partly.report} does not speak of"
        return Part(Role.COUNTED, why, partly.report)
    return Part(Role.COUNTED, f"adds to {root}: no source that counts speaks of it as a whole on {when}")


def _unless_rounded(there: int, claim: Claim, days: int) -> int:
    """What days hold together, but the figure of the claim where only the rounding of the days lies between."""
    return round(claim.best or 0.0) if abs(there - (claim.best or 0.0)) <= days else there


def _leads(held: FlowEvidence, tree: Mapping[str, FlowEvidence], days: range) -> bool:
    """Whether a flow holds more on these days than the flows below it, added up."""
    below = sum(one.days.get(day, 0) for flow, one in tree.items() if parent(Flow(flow)) == held.flow for day in days)
    there = held.on(days)
    return there is not None and there > below + len(days)


def _covering(days: range, held: FlowEvidence, leads: bool) -> tuple[Claim | None, bool]:
    """The claim on a flow that speaks of most of these days, and whether its claims speak of all of them.

    What says that there were at least so many, or speaks of some of the people, counts where it leads.
    """
    best: tuple[int, str, Claim] | None = None
    disputed = contradicted(held)
    covered: set[int] = set()
    for place, claim in enumerate(held.claims):
        if place not in disputed and (_says_how_many(claim) or (leads and _bounds(claim))):
            theirs = set(days_in(claim)).intersection(days)
            if theirs:
                covered |= theirs
                if best is None or best[:2] < (len(theirs), claim.report):
                    best = len(theirs), claim.report, claim
    for day in days:
        if any(
            one.population == "people" and one.unit == "people" and counts(one.grade)
            for one in held.tallies.get(day, ())
        ):
            covered.add(day)
    return (None if best is None else best[2]), covered.issuperset(days)


def _larger(claim: Claim, held: FlowEvidence) -> str | None:
    """The report that speaks of the same flow for a longer period around a claim; the longest."""
    found: tuple[int, str] | None = None
    if _says_how_many(claim):
        disputed = contradicted(held)
        for place, other in enumerate(held.claims):
            length = other.local_end - other.local_start
            around = other.local_start <= claim.local_start and claim.local_end <= other.local_end
            if (
                around
                and length > claim.local_end - claim.local_start
                and _says_how_many(other)
                and place not in disputed
            ):
                found = max(found or (0, ""), (length, other.report))
    return None if found is None else found[1]


def _speaks(claim: Claim) -> bool:
    """Whether a claim counts in totals of people."""
    return claim.measure == Measure.CROSSINGS and claim.unit == Unit.PEOPLE and counts(claim.grade)


def _bounds(claim: Claim) -> bool:
    """Whether a claim bounds the people from below."""
    return claim.best is not None and _speaks(claim) and claim.qualifier.bound is not Bound.AT_MOST


def _says_how_many(claim: Claim) -> bool:
    """Whether a claim says how many people there were, all of them, and not only that they were at least so many."""
    return _bounds(claim) and claim.population == "people" and claim.qualifier.bound is not Bound.AT_LEAST
