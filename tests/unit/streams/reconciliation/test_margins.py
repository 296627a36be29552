from __future__ import annotations

from bordertally.streams.reconciliation.constraints import Kind
from bordertally.streams.reconciliation.margins import INFINITE, TOLERANCE, Margin, atoms_with, slack_of


def test_the_floor_of_a_day_of_one_atom_is_that_of_the_atom() -> None:
    atoms = atoms_with([1.0, 2.0, 3.0], {(1, 2): 5.0, (0, 2): 8.0})
    assert (atoms.lengths, atoms.least, atoms.wide, atoms.floored) == ([1, 2, 3], [0, 5, 0], {(0, 2): 8.0}, True)


def test_atoms_without_floors_of_their_own_are_not_floored() -> None:
    assert not atoms_with([1.0, 1.0], {}).floored
    assert not atoms_with([1.0, 1.0], {(0, 2): 8.0}).floored
    assert not atoms_with([1.0, 1.0], {(0, 1): 0.0}).floored


def test_sums_are_equal_within_a_share_of_the_largest_figure_and_of_one_person_at_least() -> None:
    def aims_at(people: float) -> Margin:
        return Margin(0, 1, people, people, INFINITE, Kind.AT_LEAST)

    assert slack_of([aims_at(5_000.0), aims_at(20_000.0)]) == 20_000 * TOLERANCE
    assert slack_of([aims_at(0.1)]) == TOLERANCE
    assert slack_of([]) == TOLERANCE
