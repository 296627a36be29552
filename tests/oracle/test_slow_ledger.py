"""Compares the ledger with the slow ledger: low, best and high of days and windows, conflicts, and who reports."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from bordertally.streams.ledger.ledger import Ledger
from bordertally.streams.ledger.rows import PEOPLE, Key
from bordertally.streams.ledger.tree import Node
from bordertally.streams.periods import iso_day
from bordertally.streams.reconciliation.constraints import Bin
from bordertally.streams.reports.sources import Registry, Source
from bordertally.streams.reports.validation import read_report
from bordertally.streams.totals.calendar import NamedPeriod, calendar_figures, period_named, period_total
from bordertally.streams.totals.conflicts import conflicts
from bordertally.streams.totals.days import day_figures
from bordertally.streams.totals.records import CalendarFigure, PeriodTotal
from bordertally.streams.totals.windows import totals
from oracle.slow_ledger import (
    WEIGHTS,
    PlainClaim,
    Sums,
    adds_nothing,
    apportions,
    bounds_alone,
    calendar_names,
    edges_of,
    ends,
    fitted,
    floors,
    folded,
    groups,
    hours_of,
    in_force,
    nested,
    period,
    raked,
    trust,
    within,
)
from properties.traits import shares, too_rare
from properties.worlds import NOW, REGISTRY, documents
from steady import examples

UTC = Registry({name: Source(one.name, one.flows, one.grade) for name, one in REGISTRY.sources.items()}, REGISTRY.blocs)
GRADES = {name: one.grade.value for name, one in REGISTRY.sources.items()}
CARRIED_DAYS = 7
Reports = list[dict[str, Any]]
MANY = settings(max_examples=examples(300))


def high_end(held: Bin) -> float:
    """The high end of a day; the best figure of a day without one."""
    return held.best if held.high is None else held.high


def in_order(held: Bin) -> tuple[float, float]:
    """The ends of a day as shown. A day that is left over by difference can be lower at the high end of the claims."""
    return min(held.low, held.best, high_end(held)), max(held.low, held.best, high_end(held))


FIGURES: dict[str, Callable[[Bin], float]] = {
    "low": lambda day: day.low,
    "best": lambda day: day.best,
    "high": high_end,
}


FLOORS: dict[str, Callable[[Bin], float]] = {**FIGURES, "high": lambda day: max(day.best, high_end(day))}


class SeriesCase(NamedTuple):
    """One series of a flow: its claims as the slow ledger reads them, and its node in the ledger under test.

    `every`: all series of the world, by flow and key.
    """

    node: Node
    key: Key
    claims: list[PlainClaim]
    doubts: list[PlainClaim]
    every: dict[tuple[str, Key], SeriesCase]

    @property
    def bins(self) -> Mapping[int, Bin]:
        return self.node.series[self.key].bins

    def weight(self, day: int) -> float:
        """The weight of the best grade of its own claims on a day; 0 without any."""
        return max([WEIGHTS[one.grade] for one in self.claims if day in one.days], default=0)

    def told(self, day: int, end: str, weight: float) -> float | None:
        """The people of a day by claims of a grade with this weight or more, here or below."""
        if day not in self.bins:
            return None
        if self.weight(day) >= weight:
            return FLOORS[end](self.bins[day])
        return self.floor("best" if end == "high" else end, weight).get(day)

    def floor(self, end: str, weight: float = 1) -> dict[int, float]:
        """By day: the largest of the sum of the children, the sum of the citizenships, and each other part.

        `weight`: as far as claims of a grade with this weight or more tell of them.
        """
        children = [self.every[child, self.key] for child in self.node.children if (child, self.key) in self.every]
        parts = [self.every[self.node.flow, key] for key in self.node.series if is_part(key, self.key)]
        citizens = [part for part in parts if part.key.population.startswith("citizens:")]
        sums = [children, citizens, *[[part] for part in parts if part not in citizens]]
        least: dict[int, list[float]] = {}
        for together in sums:
            moved = [self.moved(case, together, end) for case in together]
            for day in {day for case in together for day in case.bins}:
                told = [
                    elsewhere.get(day, people)
                    for case, elsewhere in zip(together, moved, strict=True)
                    if (people := case.told(day, end, weight)) is not None
                ]
                if told:
                    least.setdefault(day, []).append(sum(told))
        return {day: max(figures) for day, figures in least.items()}

    def moved(self, case: SeriesCase, together: Sequence[SeriesCase], end: str) -> dict[int, float]:
        """By day: people that a child or part knows from bounds over several days, where this series has room."""
        figure = FIGURES["low" if end == "low" else "best"]
        found: dict[int, float] = {}
        for day in case.bins:
            days = case.movable_days(day)
            if len(days) > 1 and day not in found:
                people = {each: figure(case.bins[each]) for each in days}
                found |= fitted(people, {each: self.room(case, together, each, end) for each in days})
        return found

    def room(self, case: SeriesCase, together: Sequence[SeriesCase], day: int, end: str) -> float:
        """The people for whom this series has room on a day, as far as a claim about the day alone says how many."""
        says = [one for one in self.claims if (one.start, one.end) == hours_of(day) and one.kind != "at_least"]
        if not says:
            return float("inf")
        claim, figure = max(says, key=trust), FIGURES["low" if end == "low" else "best"]
        room = claim.high if claim.kind == "at_most" else claim.low if end == "low" else claim.best
        people = {id(one): figure(one.bins[day]) for one in together if day in one.bins}
        moving = {id(one): people[id(one)] for one in together if day in one.bins and len(one.movable_days(day)) > 1}
        room = max(0.0, room - sum(number for one, number in people.items() if one not in moving))
        total = sum(moving.values())
        return room * moving[id(case)] / total if total else room

    def movable_days(self, day: int) -> list[int]:
        """The days of which the same bounds over several days tell as of a day, and nothing else."""
        bounds = self.bounds_alone(day)
        return [each for each in (bounds[0].days if bounds else ()) if self.bounds_alone(each) == bounds]

    def bounds_alone(self, day: int) -> list[PlainClaim]:
        return [] if day in self.floor("best") else bounds_alone(self.claims, day)

    def groups(self) -> Iterator[GroupCase]:
        """Its claims in groups that share days."""
        for claims in groups(self.claims):
            days = range(claims[0].days.start, max(one.days.stop for one in claims))
            least = {end: {day: people for day, people in self.floor(end).items() if day in days} for end in FIGURES}
            yield GroupCase(self, claims, days, least)


class GroupCase(NamedTuple):
    """Claims of a series that share days. `least`: the floors of the days, by end."""

    series: SeriesCase
    claims: list[PlainClaim]
    days: range
    least: dict[str, dict[int, float]]

    def exactly(self, end: str) -> Sums:
        """The sums that follow when every claim equals its figure at this end."""
        return Sums(edges_of(self.claims, self.days), ends(self.claims, end) + floors(self.least[end]))

    def roughly(self, end: str, claims: Sequence[PlainClaim]) -> Sums:
        """The sums that follow when each of these claims lies within its interval."""
        return Sums(edges_of(self.claims, self.days), within(claims) + floors(self.least[end]))

    def held(self, claim: PlainClaim, end: str) -> float:
        return sum(FIGURES[end](self.series.bins[day]) for day in claim.days)

    @property
    def missed(self) -> list[PlainClaim]:
        """The claims whose best figure does not hold."""
        return [claim for claim in self.claims if not self.holds(claim)]

    def holds(self, claim: PlainClaim) -> bool:
        slack, people = max(0.5, 1e-6 * claim.best), self.held(claim, "best")
        return claim.low - slack <= people <= (float("inf") if claim.kind == "at_least" else claim.high) + slack


def aligned(reports: Reports) -> Reports:
    """Reports without claims of a day or more that begin or end within a day, which the slow ledger does not read.

    A report that names a claim twice is left out.
    """

    def reads(claim: dict[str, Any]) -> bool:
        start, _, end = claim["period"].partition("/")
        return "T" not in start or (end.startswith("PT") and end != "PT24H")

    kept = [{**one, "claims": [claim for claim in one["claims"] if reads(claim)]} for one in reports]
    return [
        one for one in kept if 0 < len(one["claims"]) == len({(c["flow"], period(c["period"])) for c in one["claims"]})
    ]


def read(reports: Reports) -> tuple[Ledger, list[PlainClaim]]:
    """The ledger after these reports, and the claims in force as the slow ledger reads them."""
    ledger = Ledger()
    for report in aligned(reports):
        ledger.apply(read_report(json.dumps(report).encode(), UTC, NOW))
    return ledger, in_force(aligned(reports), GRADES)


def cases(reports: Reports) -> list[SeriesCase]:
    try:
        ledger, said = read(reports)
    except ValueError:
        assume(False)
        raise
    found: dict[tuple[str, Key], SeriesCase] = {}
    for flow, node in ledger.nodes.items():
        for key in node.series:
            on_flow = [(one, Key(one.population, one.unit)) for one in said if one.flow == flow]
            counting = [one for one, each in on_flow if each == key and one.grade in WEIGHTS]
            doubts = [one for one, each in on_flow if (each == key or is_part(each, key)) and one.grade not in WEIGHTS]
            found[flow, key] = SeriesCase(node, key, folded(counting), doubts, found)
    return list(found.values())


def is_part(key: Key, whole: Key) -> bool:
    return whole.population == "people" != key.population and key.unit == whole.unit


def all_groups(reports: Reports) -> list[GroupCase]:
    return [group for case in cases(reports) for group in case.groups()]


@given(documents())
@MANY
def test_a_day_holds_something_where_a_claim_or_a_floor_does_and_nowhere_else(reports: Reports) -> None:
    for case in cases(reports):
        assert set(case.bins) == {day for claim in case.claims for day in claim.days} | set(case.floor("best"))


@given(documents())
@MANY
def test_a_claim_that_does_not_hold_is_a_conflict_with_those_it_contradicts_and_none_else_is(reports: Reports) -> None:
    for case in cases(reports):
        missed = [(claim, group) for group in case.groups() for claim in group.missed if not only_echoed(claim, group)]
        shown = [
            one for one in conflicts(case.node) if (one.population, one.unit) == case.key and one.report is not None
        ]
        assert sorted(one.report or "" for one in shown) == sorted(cited(claim) for claim, _ in missed)
        for claim, group in missed:
            rivals = rivals_of(claim, group)
            alone = [one for one in rivals if not both_can_hold(claim, one)]
            others = [one for one in rivals if cited(one) != cited(claim)]
            named = {cited(one) for one in alone or others or rivals}
            assert any(
                one.report == cited(claim) and {rival.report for rival in one.with_ if rival.report} == named
                for one in shown
            )
            event("with a rival of its own" if alone else "with all of its rivals" if rivals else "with a floor")


def stronger(claim: PlainClaim, group: GroupCase) -> list[PlainClaim]:
    """The more trusted claims that hold, share time with a claim, and say more than it does."""
    return [
        one
        for one in group.claims
        if trust(one) > trust(claim) and group.holds(one) and meet(one, claim) and not adds_nothing(one, claim)
    ]


def rivals_of(claim: PlainClaim, group: GroupCase) -> list[PlainClaim]:
    """The stronger claims, without those of other sources that pass on the same origin."""
    return [one for one in stronger(claim, group) if one.origin != claim.origin or one.source == claim.source]


def only_echoed(claim: PlainClaim, group: GroupCase) -> bool:
    """Whether other sources that pass on the same origin are all that speaks against a claim."""
    if stronger(claim, group) and not rivals_of(claim, group):
        event("an echo")
        return True
    return False


def cited(claim: PlainClaim) -> str:
    return f"{claim.source}/{claim.report}"


def both_can_hold(one: PlainClaim, other: PlainClaim) -> bool:
    """Whether two claims agree within their intervals, as if nothing else were claimed."""
    return Sums(edges_of([one, other], []), within([one, other])).feasible(1e-6)


@given(documents())
@MANY
def test_claims_that_can_hold_together_all_hold(reports: Reports) -> None:
    for group in all_groups(reports):
        possible = group.roughly("best", group.claims).feasible(1e-6)
        event("possible" if possible else "impossible")
        assert not (possible and group.missed)


@given(documents())
@MANY
def test_the_most_trusted_claim_holds_unless_what_is_below_it_refutes_it(reports: Reports) -> None:
    for group in all_groups(reports):
        first = max(group.claims, key=trust)
        ties = [one for one in group.claims if trust(one) == trust(first)]
        over = group.series.floor("best", WEIGHTS[first.grade])  # floors of lower grades give way to it
        least = {day: people for day, people in over.items() if day in group.days}
        possible = Sums(edges_of(group.claims, group.days), within([first]) + floors(least))
        if len(ties) == 1 and possible.feasible(1e-6):
            assert first not in group.missed


def figures(group: GroupCase, end: str) -> dict[int, float]:
    """The figures of the days at an end; at the high end, without the open days."""
    held = {day: group.series.bins[day] for day in group.days}
    return {day: FIGURES[end](one) for day, one in held.items() if end != "high" or one.high is not None}


def assert_within(group: GroupCase, sums: Sums, end: str) -> None:
    for day, people in figures(group, end).items():
        assert sums.sum(*hours_of(day)).holds(people), (end, iso_day(day))


@given(documents())
@MANY
def test_days_hold_what_follows_from_claims_that_are_true_together_at_every_end(reports: Reports) -> None:
    for group in all_groups(reports):
        if group.exactly("best").feasible(1e-6):
            for end in FIGURES:
                exact = group.exactly(end)
                if exact.feasible(1e-6):
                    assert_within(group, exact, end)


@given(documents())
@MANY
def test_bounds_and_floors_are_kept_at_every_end(reports: Reports) -> None:
    for group in all_groups(reports):
        holding = [claim for claim in group.claims if claim not in group.missed]
        widened = {day for claim in widening(group) for day in claim.days}
        for end in FIGURES:
            possible = group.roughly(end, holding)
            if possible.feasible(1e-6):
                for day, people in figures(group, end).items():
                    found = possible.sum(*hours_of(day))
                    if end == "best" or day not in widened:
                        assert found.holds(people), (end, iso_day(day))
                    elif end == "low":
                        assert people <= found.most * (1 + 1e-6) + 1e-6, iso_day(day)
                    else:
                        assert people >= found.least * (1 - 1e-6) - 1e-6, iso_day(day)


@given(documents())
@MANY
def test_sources_of_one_grade_that_contradict_each_other_widen_the_interval(reports: Reports) -> None:
    for group in all_groups(reports):
        for claim in widening(group):
            event("widened")
            bins = [group.series.bins[day] for day in claim.days]
            floor = sum(group.least["low"].get(day, 0.0) for day in claim.days)
            assert sum(held.low for held in bins) <= max(claim.low, floor) * (1 + 1e-6) + 1e-6
            if all(held.high is not None for held in bins):
                assert sum(held.high or 0.0 for held in bins) >= claim.high * (1 - 1e-6)


def widening(group: GroupCase) -> list[PlainClaim]:
    """The claims that contradict one of another source of the same grade which holds."""
    found = []
    for claim in group.missed:
        rivals = rivals_of(claim, group)
        alone = [one for one in rivals if not both_can_hold(claim, one)]
        if claim.kind == "equal" and any(
            one.grade == claim.grade and one.origin != claim.origin for one in alone or rivals
        ):
            found.append(claim)
    return found


@given(documents())
@MANY
def test_claims_that_nest_are_raked_as_the_definition_has_it(reports: Reports) -> None:
    """Where floors bind, the definitions leave open how the rest is distributed; the tests before check the bounds."""
    for group in all_groups(reports):
        if nested(group.claims) and not group.least["best"] and group.exactly("best").feasible(1e-6):
            for end in FIGURES:
                expected = raked(group.claims, end) if group.exactly(end).feasible(1e-6) else None
                if expected is not None:
                    event(f"{end} of {min(3, len(group.claims))} claims is raked")
                    for day, people in figures(group, end).items():
                        assert people == pytest.approx(expected[day], rel=1e-5, abs=1e-3), (end, iso_day(day))


@given(documents())
@MANY
def test_a_day_of_which_no_claim_speaks_holds_its_floor_and_is_open(reports: Reports) -> None:
    for case in cases(reports):
        spoken = {day for claim in case.claims for day in claim.days}
        for day in case.bins.keys() - spoken:
            low, best = (case.floor(end)[day] for end in ("low", "best"))
            held = case.bins[day]
            assert (held.low, held.best) == pytest.approx((low, best))
            assert held.high is None


@given(documents())
@MANY
def test_high_is_open_unless_claims_that_are_not_refuted_bound_the_whole_day(reports: Reports) -> None:
    for group in all_groups(reports):
        upper = [claim for claim in group.claims if claim.kind != "at_least"]
        bounding = [claim for claim in upper if group.holds(claim) or stronger(claim, group)]
        for day in group.days:
            hours = range(*hours_of(day))
            bounded = all(any(one.start <= hour < one.end for one in bounding) for hour in hours)
            assert (group.series.bins[day].high is not None) == bounded, iso_day(day)


def meet(one: PlainClaim, other: PlainClaim) -> bool:
    return one.start < other.end and other.start < one.end


@given(documents())
@MANY
def test_days_as_shown_are_the_bins_in_order_and_rounded(reports: Reports) -> None:
    for case in cases(reports):
        for shown in day_figures(case.node, case.key):
            held = case.bins[date.fromisoformat(shown.day).toordinal()]
            low, high = in_order(held)
            assert shown.best == pytest.approx(held.best, abs=0.5001)
            assert shown.low == pytest.approx(low, abs=0.5001)
            assert shown.low <= shown.best
            assert (shown.high is None) == (held.high is None)
            if shown.high is not None:
                assert shown.best <= shown.high
                assert high - 0.5001 <= shown.high <= high + doubted(case) + 0.5001


def doubted(case: SeriesCase) -> float:
    """The most by which claims that do not count may raise a high end."""
    return sum(doubt.best if doubt.high == float("inf") else doubt.high for doubt in case.doubts)


def test_the_worlds_determine_days_and_bind_from_below_at_every_end() -> None:
    """Otherwise every figure would satisfy the laws above."""

    def traits(reports: Reports) -> Iterator[str]:
        for group in all_groups(reports):
            if group.missed:
                yield "conflict"
            elif len(group.claims) > 1 and group.exactly("best").feasible(1e-6):
                yield "true together"
            for end in FIGURES:
                least = group.least[end]
                for day, people in figures(group, end).items():
                    if day in least and people == pytest.approx(least[day]) and people > 0:
                        yield f"{end} is the floor of a claimed day"
                exact = group.exactly(end)
                if exact.feasible(1e-6) and any(
                    (found := exact.sum(*hours_of(day))).most - found.least < 1e-6 for day in group.days
                ):
                    yield f"{end} of a day is determined"

    floors = {
        "conflict": 0.4,
        "true together": 0.3,
        **{f"{end} of a day is determined": 0.6 for end in FIGURES},
        **{f"{end} is the floor of a claimed day": 0.2 for end in ("low", "best")},
        "high is the floor of a claimed day": 0.15,  # where floors refute all that bounds a day, it is open above
    }
    assert too_rare(shares(documents(), traits, 100), floors) == {}


# --- windows ---------------------------------------------------------------------------------------------------------


class Tree(NamedTuple):
    """All series, by flow and key."""

    cases: dict[tuple[str, Key], SeriesCase]

    def own_days(self, flow: str, key: Key, *, bounds: bool = True) -> set[int]:
        """The days that the claims of the flow itself cover, those of its parts included.

        `bounds`: by claims that are lower bounds too.
        """
        keys = [each for at, each in self.cases if at == flow and (each == key or is_part(each, key))]
        claims = [claim for each in keys for claim in self.cases[flow, each].claims if bounds or not claim.bound]
        return {day for claim in claims for day in claim.days}

    def full(self, flow: str, key: Key, day: int) -> bool:
        """Whether claims other than lower bounds cover the whole day, here, on all children, or on a part."""
        case = self.cases[flow, key]
        said = [claim for claim in case.claims if claim.kind != "at_least"]
        if all(any(one.start <= hour < one.end for one in said) for hour in range(*hours_of(day))):
            return True
        below = [one.flow for one in case.node.children.values() if self.bin(one.flow, key, day) is not None]
        parts = [each for at, each in self.cases if at == flow and is_part(each, key) and self.bin(flow, each, day)]
        return (bool(below) and all(self.full(one, key, day) for one in below)) or any(
            self.full(flow, each, day) for each in parts
        )

    def bin(self, flow: str, key: Key, day: int) -> Bin | None:
        case = self.cases.get((flow, key))
        return None if case is None else case.bins.get(day)

    def carried(self, flow: str, key: Key, day: int) -> float:
        """The last full daily rate of a silent flow, or of one that says only how many at least, for seven days."""
        own, figures = self.own_days(flow, key), self.own_days(flow, key, bounds=False)
        last = max([each for each in (max(own, default=0), max(figures, default=0)) if each < day], default=0)
        if not last < day <= last + CARRIED_DAYS:
            return 0.0
        bins = self.cases[flow, key].bins
        for back in range(last, last - CARRIED_DAYS, -1):
            if back in own and self.full(flow, key, back):
                return bins[back].best
        return bins[last].best

    def gain(self, flow: str, key: Key, day: int) -> float:
        """The people projected onto a day."""
        if day in self.own_days(flow, key, bounds=False):
            return 0.0
        held = self.bin(flow, key, day)
        below = 0.0
        for child in self.cases[flow, key].node.children.values():
            if (child.flow, key) in self.cases:
                known = self.bin(child.flow, key, day)
                below += (known.best if known else 0.0) + self.gain(child.flow, key, day)
        return max(0.0, max(self.carried(flow, key, day), below) - (held.best if held else 0.0))


@given(documents())
@MANY
def test_windows_are_their_days_and_what_is_projected(reports: Reports) -> None:
    tree = Tree({(case.node.flow, case.key): case for case in cases(reports)})
    for (flow, key), case in tree.cases.items():
        found = totals(case.node, key, CARRIED_DAYS)
        assert [one.window_days for one in found] == ([1, 7, 30] if case.bins else [])
        for total in found:
            last = max(case.bins)
            window = range(last - total.window_days + 1, last + 1)
            held = [case.bins[day] for day in window if day in case.bins]
            gain = sum(tree.gain(flow, key, day) for day in window)
            event("projected" if gain else "not projected")
            assert (total.as_of, total.covered_days) == (iso_day(last + 1), len(held))
            assert total.projected == pytest.approx(gain, abs=0.51)
            best, low = sum(one.best for one in held), sum(one.low for one in held)
            assert total.best == pytest.approx(best + gain, abs=0.51)
            assert total.best == total.observed + total.projected
            highs = [one.high for one in held if one.high is not None]
            open_above = gain > 0 or len(highs) < total.window_days
            event("open" if open_above else "bounded")
            assert (total.high is None) == open_above
            ends = [low, best] if open_above else [low, best, sum(highs)]
            assert total.low == pytest.approx(min(ends), abs=0.51)
            if total.high is not None:
                assert max(ends) - 0.51 <= total.high <= max(ends) + doubted(case) + 0.51
                assert total.low <= total.best <= total.high
            children = [
                one.series[key] for one in case.node.children.values() if key in one.series and one.series[key].bins
            ]
            spoken = [one for one in children if max(one.bins) == last]
            assert (total.reporting.spoken, total.reporting.known) == (len(spoken), len(children))


# --- calendar periods ------------------------------------------------------------------------------------------------


@given(documents(), st.integers(0, 20), st.integers(1, 40))
@MANY
def test_periods_are_the_sums_of_their_days(reports: Reports, begin: int, length: int) -> None:
    for case in cases(reports):
        known = {
            day: held
            for day, held in case.bins.items()
            if (min(held.low, held.best), held.best, held.high) != (0, 0, None)  # as shown, low is at most best
        }
        if case.key == PEOPLE:
            shown = {figure.period: figure for figure in calendar_figures(case.node)}
            by_name: dict[str, dict[int, Bin]] = {}
            for day, held in known.items():
                for name in calendar_names(day):
                    by_name.setdefault(name, {})[day] = held
            assert set(shown) == set(by_name)  # the worlds are shorter than what a state keeps
            for name, days in by_name.items():
                assert_total(shown[name], days, len(period_named(name).days), doubted(case))
        if not case.bins:
            continue
        first = min(case.bins) + begin - 10
        chosen = NamedPeriod("", first, first + length)
        inside = {day: held for day, held in known.items() if first <= day < first + length}
        total = period_total(case.node.flow, chosen, day_figures(case.node, case.key), days=True)
        assert_total(total, inside, length, doubted(case))
        assert [share.day for share in total.days] == [iso_day(day) for day in sorted(inside)]
        figures = [inside[day].best for day in sorted(inside)]
        assert apportions([share.best for share in total.days], figures, total.best)


def assert_total(total: CalendarFigure | PeriodTotal, days: Mapping[int, Bin], length: int, doubts: float) -> None:
    """Of days that something is known of, out of `length` days."""
    ends = [in_order(held) for held in days.values()]
    assert total.covered_days == len(days)
    assert total.best == pytest.approx(sum(held.best for held in days.values()), abs=0.51)
    assert total.low == pytest.approx(sum(low for low, _ in ends), abs=0.51)
    bounded = len(days) == length and all(held.high is not None for held in days.values())
    assert (total.high is not None) == bounded
    if total.high is not None:
        most = sum(high for _, high in ends)
        assert most - 0.51 <= total.high <= most + doubts + 0.51
