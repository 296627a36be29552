"""Roles: the part that a claim plays for the figure of a flow, and the reason in words for a duty officer."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple, assert_never

from bordertally.streams.evidence.tallies import Tally
from bordertally.streams.flow_names import flow_name
from bordertally.streams.flows import Flow, adds_to, destination_of, parent
from bordertally.streams.periods import days_of, iso_day, ordinal_day
from bordertally.streams.qualifiers import Bound
from bordertally.streams.reports.claims import Claim
from bordertally.streams.reports.records import Measure, Unit
from bordertally.streams.reports.sources import counts
from bordertally.streams.totals.conflicts import FLOOR_WORDS
from bordertally.streams.totals.records import Conflict, Unlikely


class Role(enum.StrEnum):
    """The role of a claim for a figure; a closed list."""

    COUNTED = "counted"
    CONFLICT = "conflict"
    NOTED = "noted"
    WITHDRAWN = "withdrawn"


class FlowEvidence(NamedTuple):
    """The evidence kept of one flow: claims, tallies and best figures by ordinal day, conflicts, unlikely claims."""

    flow: str
    claims: Sequence[Claim]
    tallies: Mapping[int, Sequence[Tally]]
    days: Mapping[int, int]
    conflicts: Sequence[Conflict] = ()
    unlikely: Sequence[Unlikely] = ()

    def on(self, days: range) -> int | None:
        """The best figures of these days, added up; None where a day is not known."""
        return sum(self.days[day] for day in days) if all(day in self.days for day in days) else None

    def unlikely_claim(self, claim: Claim) -> str | None:
        """Why a claim is unlikely; None for any other claim."""
        if claim.measure != Measure.CROSSINGS or claim.best is None:
            return None
        days = days_in(claim)
        return self._unlikely(claim.source, claim.population, iso_day(days[0]), iso_day(days[-1]), claim.report)

    def unlikely_tally(self, tally: Tally, day: int) -> str | None:
        """Why one of the readings of a source and day is unlikely; None for any other tally."""
        return self._unlikely(tally.source, tally.population, iso_day(day), iso_day(day))

    def _unlikely(self, source: str, population: str, first: str, last: str, report: str | None = None) -> str | None:
        for claim in self.unlikely:
            of_claim = (claim.source, claim.population, claim.first_day, claim.last_day)
            if of_claim == (source, population, first, last) and report in (None, claim.report):
                return claim.why
        return None


class Part(NamedTuple):
    """The role of a claim and why. `inside`: the report that includes its people; `gap`, `percent`: see Conflict."""

    role: Role
    why: str
    inside: str | None = None
    gap: int | None = None
    percent: float | None = None


def span(first: int, end: int) -> str:
    """Ordinal days from `first` to `end` (exclusive) as a person writes them: `21-27 Sep 2022`."""
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


def contradicted(evidence: FlowEvidence) -> dict[int, Conflict]:
    """The conflicts of a flow by the place of their claim among its claims.

    Claims of one report about the same days and people, which differ by hours, share a conflict.
    """
    conflicts = {_place(conflict): conflict for conflict in evidence.conflicts if conflict.report is not None}
    if not conflicts:
        return {}
    return {
        place: conflicts[where]
        for place, claim in enumerate(evidence.claims)
        if claim.best is not None and counts(claim.grade) and (where := _place_of(claim)) in conflicts
    }


def _place(conflict: Conflict) -> tuple[str | None, str, str, str, str]:
    return conflict.report, conflict.population, conflict.unit, conflict.first_day, conflict.last_day


def _place_of(claim: Claim) -> tuple[str | None, str, str, str, str]:
    days = days_in(claim)
    return claim.citation, claim.population, claim.unit, iso_day(days[0]), iso_day(days[-1])


def part_of(claim: Claim, tree: Mapping[str, FlowEvidence], root: str, conflict: Conflict | None) -> Part:
    """The part that a claim on `root`, or on a flow below, plays for the figure of `root`.

    `tree`: the evidence of both flows and of those between, by path. `conflict`: that of the claim, if any.
    """
    if claim.best is None:
        return Part(Role.WITHDRAWN, "the source took it back")
    if (why := _aside(claim)) is not None:
        return Part(Role.NOTED, why)
    if conflict is not None:
        return Part(Role.CONFLICT, f"cannot hold beside {_rivals(conflict)}", None, conflict.gap, conflict.percent)
    larger = _larger(claim, tree[claim.flow])
    if larger is not None:
        return Part(Role.COUNTED, f"lies inside what {larger} says: counted once", larger)
    return _own(claim, tree[root]) if claim.flow == root else _below(claim, tree, root)


def _rivals(conflict: Conflict) -> str:
    """The rivals of a claim or floor with their gaps: `a/kz-1, trusted more: 22,000 apart (18.3 %)`."""
    return "; ".join(
        f"{_floor(rival.bound) if rival.report is None else f'{rival.report}, trusted more'}: "
        f"{rival.gap:,} apart ({rival.percent:g} %)"
        for rival in conflict.with_
    )


def _floor(bound: str | None) -> str:
    return f"{FLOOR_WORDS[bound or 'children']}, added up"


def floors_that_give_way(evidence: FlowEvidence, root: str, days: range) -> list[str]:
    """A sentence for each floor of a flow that gives way to better claims on any of these ordinal days.

    `root`: the flow whose figure is explained; the sentence names any other.
    """
    first, last = iso_day(days[0]), iso_day(days[-1])
    where = "" if evidence.flow == root else f" ({flow_name(evidence.flow)})"
    return [
        f"{_capital(_floor(conflict.bound))}{where}: "
        f"on {_days_of(conflict)} they cannot hold beside {_rivals(conflict)}."
        for conflict in evidence.conflicts
        if conflict.report is None
        and (conflict.population, conflict.unit) == ("people", "people")
        and conflict.first_day <= last
        and conflict.last_day >= first
    ]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _days_of(conflict: Conflict) -> str:
    return span(ordinal_day(conflict.first_day), ordinal_day(conflict.last_day) + 1)


def _measured(measure: Measure) -> str:
    """What a measure counts, in words."""
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
    """Why a claim is listed and not counted; None for a claim that counts."""
    if claim.measure != Measure.CROSSINGS:
        return f"a figure of {_measured(Measure(claim.measure))}, not of {_measured(Measure.CROSSINGS)}"
    if claim.unit != Unit.PEOPLE:
        return f"counted in {claim.unit}, which are never added to people"
    if not counts(claim.grade):
        return f"grade {claim.grade} is listed and not counted: it can only widen the upper bound"
    return None


def _own(claim: Claim, evidence: FlowEvidence) -> Part:
    days = days_in(claim)
    when, hold = ("this day", "holds") if len(days) == 1 else ("these days", "hold")
    people, best = evidence.on(days), claim.best or 0.0
    if claim.population != "people":
        less = people is not None and people < claim.low - len(days)
        holds = f"{people:,} by what is trusted more" if less else "at least as many"
        return Part(Role.COUNTED, f"{claim.population} are some of the people: {when} {hold} {holds}")
    match claim.qualifier.bound:
        case Bound.EQUAL if people is not None and not _within(people, claim, len(days)):
            return _beside(claim, evidence, people, f"{when} {hold}")
        case Bound.EQUAL:
            return Part(Role.COUNTED, f"sets what {when} {hold}")
        case Bound.AT_LEAST if people is not None and people > best + 1:
            return Part(Role.COUNTED, f"{when} {hold} {people:,} by what else is known: it changes nothing")
        case Bound.AT_LEAST:
            return Part(Role.COUNTED, f"{when} {hold} at least so many")
        case Bound.AT_MOST:
            return Part(Role.COUNTED, f"{when} {hold} no more than so many")
        case bound:
            assert_never(bound)


def _within(people: int, claim: Claim, rounded: int) -> bool:
    """Whether people lie within the interval of a claim; `rounded`: by how much rounding may miss."""
    return claim.low - rounded <= people and (claim.high is None or people <= claim.high + rounded)


def _beside(claim: Claim, evidence: FlowEvidence, people: int, hold: str) -> Part:
    """The part of a claim whose days hold other people than it says, without a conflict. `hold`: "this day holds"."""
    days = days_in(claim)
    others = [other for other in evidence.claims if _states_people(other) and days_in(other) == days]
    if len({other.flow for other in others if other.source == claim.source}) > 1:
        return Part(Role.COUNTED, f"added to what the source reports under another name: {hold} {people:,}")
    origin = claim.origin or claim.source
    for other in others:
        if other.source != claim.source and (other.origin or other.source) == origin:
            people = _unless_rounded(people, other, len(days))
            return Part(Role.COUNTED, f"gives way to {other.citation}, of the same origin: {hold} {people:,}")
    return Part(Role.COUNTED, f"{hold} {people:,} by what else is known")


def _below(claim: Claim, tree: Mapping[str, FlowEvidence], root: str) -> Part:
    days = days_in(claim)
    when, hold = ("this day", "holds") if len(days) == 1 else ("these days", "hold")
    partly = None
    above = [tree[flow] for flow in adds_to(claim.flow) if flow in tree and len(flow) >= len(root)]
    for evidence in above:
        covering, whole = _covering(days, evidence, _leads(evidence, tree, days))
        if whole:
            people = evidence.on(days)
            if covering is not None and people is not None and days_in(covering) == days:
                people = _unless_rounded(people, covering, len(days))
            holds = "" if people is None else f", where {when} {hold} {people:,}"
            report = None if covering is None else covering.citation
            return Part(Role.COUNTED, f"part of {flow_name(evidence.flow)}{holds}: it adds nothing on top", report)
        partly = partly or covering
    if partly is not None:
        why = f"adds to {flow_name(root)} on the days that {partly.citation} does not speak of"
        return Part(Role.COUNTED, why, partly.citation)
    overruled = next((told for evidence in above if (told := _overruled(days, evidence)) is not None), None)
    if overruled is not None:
        return Part(Role.COUNTED, f"adds to {flow_name(root)}: {overruled.citation} speaks of the whole and gives way")
    return Part(Role.COUNTED, f"adds to {flow_name(root)}: no source that counts speaks of it as a whole on {when}")


def _overruled(days: range, evidence: FlowEvidence) -> Claim | None:
    """A claim on a flow as a whole about any of these days that cannot hold beside other claims; None without any."""
    claims = [evidence.claims[place] for place in contradicted(evidence)]
    return next(
        (claim for claim in claims if _states_people(claim) and set(days_in(claim)).intersection(days)),
        None,
    )


def _unless_rounded(people: int, claim: Claim, days: int) -> int:
    """The people of some days; the figure of the claim where the two differ only by the rounding of the days."""
    return round(claim.best or 0.0) if abs(people - (claim.best or 0.0)) <= days else people


def _leads(evidence: FlowEvidence, tree: Mapping[str, FlowEvidence], days: range) -> bool:
    """Whether a flow has more people on these days than its child flows, added up."""
    children = [child for flow, child in tree.items() if evidence.flow in (parent(Flow(flow)), destination_of(flow))]
    below = sum(child.days.get(day, 0) for child in children for day in days)
    people = evidence.on(days)
    return people is not None and people > below + len(days)


def _covering(days: range, evidence: FlowEvidence, leads: bool) -> tuple[Claim | None, bool]:
    """The claim on a flow that covers most of these days, and whether its claims cover all of the days.

    `leads`: whether lower bounds and claims about a part of the people count as covering, too.
    """
    best: tuple[int, str, Claim] | None = None
    disputed = contradicted(evidence)
    covered: set[int] = set()
    for place, claim in enumerate(evidence.claims):
        if place not in disputed and (_states_people(claim) or (leads and _bounds(claim))):
            shared = set(days_in(claim)).intersection(days)
            if shared:
                covered |= shared
                if best is None or best[:2] < (len(shared), claim.citation):
                    best = len(shared), claim.citation, claim
    for day in days:
        if any(
            tally.population == "people" and tally.unit == "people" and counts(tally.grade)
            for tally in evidence.tallies.get(day, ())
        ):
            covered.add(day)
    return (None if best is None else best[2]), covered.issuperset(days)


def _larger(claim: Claim, evidence: FlowEvidence) -> str | None:
    """The report of the longest claim on the same flow whose period contains that of a claim; None without any."""
    longest: tuple[int, str] | None = None
    if _states_people(claim):
        disputed = contradicted(evidence)
        for place, other in enumerate(evidence.claims):
            length = other.local_end - other.local_start
            around = other.local_start <= claim.local_start and claim.local_end <= other.local_end
            if (
                around
                and length > claim.local_end - claim.local_start
                and _states_people(other)
                and place not in disputed
            ):
                longest = max(longest or (0, ""), (length, other.citation))
    return None if longest is None else longest[1]


def _counts(claim: Claim) -> bool:
    """Whether a claim counts in totals of people."""
    return claim.measure == Measure.CROSSINGS and claim.unit == Unit.PEOPLE and counts(claim.grade)


def _bounds(claim: Claim) -> bool:
    """Whether a claim is a lower bound of the people."""
    return claim.best is not None and _counts(claim) and claim.qualifier.bound is not Bound.AT_MOST


def _states_people(claim: Claim) -> bool:
    """Whether a claim states the number of all people, not only a lower bound or a part of them."""
    return _bounds(claim) and claim.population == "people" and claim.qualifier.bound is not Bound.AT_LEAST
