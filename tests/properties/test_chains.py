"""Laws of chains: what overlapping claims come to, worked out forward in time, depends on the set of claims alone."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bordertally.streams.periods import DAY, days_of, midnight
from bordertally.streams.reconciliation.chains import Chain
from bordertally.streams.reconciliation.constraints import Bin, Constraint, Floors, Kind, Trust
from properties.test_reconcile import DAYS, FIRST, FLOORS, SAID, Said, claims, floors_of
from steady import examples

LAST = FIRST + DAYS - 1


class Known:
    """Claims and floors as a chain asks for them."""

    def __init__(self, made: list[Constraint], floors: Mapping[int, Floors] | None = None) -> None:
        self.made, self.of_day = list(made), dict(floors or {})

    def ending(self, first: int, last: int) -> list[Constraint]:
        return [claim for claim in self.made if first <= days_of(claim.start, claim.end)[-1] <= last]

    def floors(self, first: int, last: int) -> Mapping[int, Floors]:
        return {day: floors for day, floors in self.of_day.items() if first <= day <= last}


def worked_out(known: Known) -> tuple[dict[int, Bin | None], Chain]:
    chain = Chain()
    spanned = [day for claim in known.made for day in days_of(claim.start, claim.end)]
    chain.work_out(known, min(spanned), max(spanned))
    return chain.bins(known, min(spanned), max(spanned)), chain


def beneath(made: list[Constraint]) -> list[Constraint]:
    """A claim of the lowest grade for each day that no claim is about, so that no two days are apart."""
    told = {day for claim in made for day in days_of(claim.start, claim.end)}
    lowest = []
    for day in range(FIRST, LAST + 1):
        if day not in told:
            start = midnight(day)
            trust = Trust(0.5, False, 0, f"beneath-{day}", "beneath", start, start + DAY)
            lowest.append(Constraint(start, start + DAY, 10, 10, 10, Kind.EQUAL, trust, 0.5, ()))
    return lowest


def connected(said: list[Said]) -> list[Constraint]:
    made = claims(said)
    return [*made, *beneath(made)]


class Lived:
    """A chain that lives through changes of its claims and floors."""

    def __init__(self, made: list[Constraint]) -> None:
        self.known, self.absent = Known(made), list[Constraint]()
        self.chain, self.bins = Chain(), dict[int, Bin | None]()
        self.touched = FIRST

    def turn(self, claim: Constraint) -> None:
        """Take a claim away, or bring it back."""
        mine, other = (self.known.made, self.absent) if claim in self.known.made else (self.absent, self.known.made)
        mine.remove(claim)
        other.append(claim)
        self._claimed(claim)

    def bound(self, day: int, people: float) -> None:
        self.known.of_day |= floors_of({day: people})
        self.chain.undo(day)

    def _claimed(self, claim: Constraint) -> None:
        days = days_of(claim.start, claim.end)
        self.chain.undo(days[-1])
        self.touched = min(self.touched, days[0])

    def settle(self) -> None:
        for claim in beneath(self.known.made):
            self.known.made.append(claim)
            self._claimed(claim)
        self.chain.work_out(self.known, FIRST, LAST)
        self.bins |= self.chain.bins(self.known, self.touched, LAST)
        self.touched = LAST + 1


@given(st.lists(SAID, min_size=1, max_size=12), FLOORS, st.data())
@settings(max_examples=examples(300))
def test_a_chain_that_lived_through_changes_is_the_one_worked_out_anew(
    said: list[Said], floors: dict[int, float], data: st.DataObject
) -> None:
    lived = Lived(connected(said))
    for _ in range(data.draw(st.integers(1, 6))):
        lived.settle()
        fresh = Chain()
        fresh.work_out(lived.known, FIRST, LAST)
        assert lived.bins == fresh.bins(lived.known, FIRST, LAST)
        assert lived.chain.misfits == fresh.misfits
        for claim in [*lived.known.made, *lived.absent]:
            if claim.trust.source == "s" and data.draw(st.integers(0, 3)) == 0:
                lived.turn(claim)
        for day, people in floors.items():
            if data.draw(st.integers(0, 3)) == 0:
                lived.bound(day, people * data.draw(st.sampled_from((0.0, 1.0, 2.0))))


@given(st.lists(SAID, min_size=1, max_size=12))
@settings(max_examples=examples(300))
def test_the_most_trusted_claim_always_holds(said: list[Said]) -> None:
    made = connected(said)
    _, chain = worked_out(Known(made))
    assert max(made, key=lambda claim: claim.trust.rank) not in [misfit.constraint for misfit in chain.misfits]


@given(st.lists(SAID, min_size=1, max_size=12))
@settings(max_examples=examples(300))
def test_a_claim_that_cannot_hold_names_rivals_that_hold(said: list[Said]) -> None:
    _, chain = worked_out(Known(connected(said)))
    missed = [misfit.constraint for misfit in chain.misfits]
    for misfit in chain.misfits:
        assert misfit.rivals
        for rival in misfit.rivals:
            assert rival.trust.rank > misfit.constraint.trust.rank
            assert rival not in missed


@given(st.lists(SAID, min_size=1, max_size=12), FLOORS)
@settings(max_examples=examples(300))
def test_floors_are_never_undercut(said: list[Said], floors: dict[int, float]) -> None:
    bins, _ = worked_out(Known(connected(said), floors_of(floors)))
    for day, people in floors.items():
        day_bin = bins[day]
        assert day_bin is not None
        assert min(day_bin.low, day_bin.best) >= people * (1 - 1e-9)


TRUTHS = st.lists(st.one_of(st.just(0), st.integers(0, 5000)), min_size=2, max_size=24)


@given(TRUTHS, st.data())
@settings(max_examples=examples(500))
def test_claims_that_are_true_together_all_hold_however_they_overlap(truth: list[int], data: st.DataObject) -> None:
    edges = st.tuples(st.integers(0, len(truth)), st.integers(0, len(truth))).filter(lambda span: span[0] != span[1])
    spans = [(0, len(truth)), *data.draw(st.lists(edges.map(sorted), min_size=1, max_size=20))]
    base, made = midnight(FIRST), []
    for index, (first, last) in enumerate(spans):
        people = float(sum(truth[first:last]))
        start, end = base + first * DAY, base + last * DAY
        trust = Trust(data.draw(st.sampled_from((1.0, 2.0, 4.0))), False, index, str(index), "s", start, end)
        made.append(Constraint(start, end, people, people, people, Kind.EQUAL, trust, trust.weight, ()))
    bins, chain = worked_out(Known(made))
    assert chain.misfits == []
    for claim in made:
        held = [bins[day] for day in days_of(claim.start, claim.end)]
        assert sum(day.best for day in held if day is not None) == pytest.approx(claim.best, abs=0.01)
