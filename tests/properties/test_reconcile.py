"""Laws of reconciling claims about one flow, most of which contradict each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bordertally.streams.periods import DAY, midnight
from bordertally.streams.reconciliation.constraints import Bin, Constraint, Floor, Floors, Kind, Trust
from bordertally.streams.reconciliation.margins import Atoms, Margin, atoms_with, slack_of
from bordertally.streams.reconciliation.raking import rake, sweep
from bordertally.streams.reconciliation.reconcile import reconcile

FIRST = 738_000
DAYS = 9

Said = tuple[int, int, float, float, Kind, float]
SAID: st.SearchStrategy[Said] = st.tuples(
    st.integers(0, 4 * DAYS - 4),  # quarters of a day
    st.one_of(st.sampled_from((4, 4, 8, 28)), st.integers(4, 20)),
    st.one_of(st.just(0.0), st.integers(1, 9000).map(float)),
    st.sampled_from((0.0, 0.0, 0.05, 0.1)),
    st.sampled_from((Kind.EQUAL, Kind.EQUAL, Kind.EQUAL, Kind.AT_LEAST, Kind.AT_MOST)),
    st.sampled_from((1.0, 2.0, 4.0)),
)
FLOORS = st.dictionaries(st.integers(FIRST, FIRST + DAYS - 1), st.integers(0, 3000).map(float), max_size=4)


def claims(said: list[Said], days: int = DAYS) -> list[Constraint]:
    made = []
    for index, (first, length, people, loose, kind, weight) in enumerate(said):
        start = midnight(FIRST) + first * DAY // 4
        end = min(start + length * DAY // 4, midnight(FIRST + days))
        low = 0.0 if kind is Kind.AT_MOST else people * (1 - loose)
        high = None if kind is Kind.AT_LEAST else people * (1 + loose)
        best = people if kind is Kind.EQUAL or high is None else high
        trust = Trust(weight, False, index, str(index), "s", start, end)
        made.append(Constraint(start, end, low, best, high, kind, trust, weight, (str(index),)))
    return made


def floors_of(people: dict[int, float], weight: float = 4.0) -> dict[int, Floors]:
    return {day: (Floor(weight, one, one, one, full=False),) for day, one in people.items()}


def outcome(made: list[Constraint], floors: dict[int, Floors]) -> tuple[dict[int, Bin], list[str]]:
    bins, misfits = reconcile(made, floors, FIRST, FIRST + DAYS - 1)
    return bins, [repr(one) for one in misfits]


@given(st.lists(SAID, min_size=1, max_size=14), FLOORS, st.data())
def test_what_claims_come_to_depends_on_their_set_alone(
    said: list[Said], floors: dict[int, float], data: st.DataObject
) -> None:
    made = claims(said)
    shuffled = data.draw(st.permutations(made))
    assert repr(outcome(shuffled, floors_of(floors))) == repr(outcome(made, floors_of(floors)))


@given(st.lists(SAID, min_size=1, max_size=14))
def test_the_most_trusted_claim_always_holds(said: list[Said]) -> None:
    made = claims(said)
    _, misfits = reconcile(made, {}, FIRST, FIRST + DAYS - 1)
    assert max(made, key=lambda one: one.trust.rank) not in [one.constraint for one in misfits]


@given(st.lists(SAID, min_size=1, max_size=14))
def test_a_claim_that_cannot_hold_names_rivals_that_hold(said: list[Said]) -> None:
    _, misfits = reconcile(claims(said), {}, FIRST, FIRST + DAYS - 1)
    missed = [one.constraint for one in misfits]
    for one in misfits:
        assert one.rivals
        assert all(rival.trust.rank > one.constraint.trust.rank and rival not in missed for rival in one.rivals)


@given(st.lists(SAID, min_size=1, max_size=14), FLOORS)
def test_floors_are_never_undercut(said: list[Said], floors: dict[int, float]) -> None:
    bins, _ = reconcile(claims(said), floors_of(floors), FIRST, FIRST + DAYS - 1)
    for day, people in floors.items():
        assert bins[day].low >= people * (1 - 1e-9)
        assert bins[day].best >= people * (1 - 1e-9)


FITS = st.lists(
    st.tuples(
        st.integers(0, DAYS - 1),
        st.integers(1, DAYS),
        st.integers(0, 9000).map(float),
        st.sampled_from((0.0, 0.05)),
        st.sampled_from((Kind.EQUAL, Kind.EQUAL, Kind.AT_LEAST, Kind.AT_MOST)),
    ),
    min_size=1,
    max_size=14,
)


def margin(first: int, length: int, people: float, loose: float, kind: Kind) -> Margin:
    low = 0.0 if kind is Kind.AT_MOST else people if kind is Kind.AT_LEAST else people * (1 - loose)
    high = float("inf") if kind is Kind.AT_LEAST else people * (1 + loose)
    return Margin(first, min(DAYS, first + length), high if kind is Kind.AT_MOST else people, low, high, kind)


@given(FITS, FLOORS)
def test_one_more_sweep_of_what_can_hold_moves_nothing(
    drawn: list[tuple[int, int, float, float, Kind]], floors: dict[int, float]
) -> None:
    margins = [margin(*one) for one in drawn]
    atoms = atoms_with([1.0] * DAYS, {(day - FIRST, day - FIRST + 1): people for day, people in floors.items()})
    people, gone = rake(margins, [1.0] * len(margins), atoms)[:2]
    before = list(people)
    sweep(people, [one for rank, one in enumerate(margins) if rank not in gone], atoms, 2 * slack_of(margins))
    assert people == before


@given(st.lists(st.integers(0, 5000), min_size=2, max_size=DAYS), st.data())
def test_claims_that_are_true_together_all_hold_however_they_overlap(truth: list[int], data: st.DataObject) -> None:
    edges = st.tuples(st.integers(0, len(truth)), st.integers(0, len(truth))).filter(lambda span: span[0] != span[1])
    spans = data.draw(st.lists(edges.map(sorted), min_size=1, max_size=12))
    margins = [margin(first, last - first, float(sum(truth[first:last])), 0.0, Kind.EQUAL) for first, last in spans]
    atoms = Atoms([1.0] * len(truth), [0.0] * len(truth), {}, floored=False)
    raked = rake(margins, [1.0] * len(margins), atoms)
    assert raked.gone == frozenset()
    for claim in margins:
        assert sum(raked.people[claim.first : claim.last]) == pytest.approx(claim.target, abs=3 * slack_of(margins))
