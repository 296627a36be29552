"""Raking one scenario, on a few atoms: each answer is worked out by hand."""

from __future__ import annotations

import pytest

from bordertally.streams.reconciliation.constraints import Kind
from bordertally.streams.reconciliation.margins import INFINITE, Margin, atoms_with
from bordertally.streams.reconciliation.raking import Raked, rake, sweep

SLACK = 1e-6
Floors = dict[tuple[int, int], float]


def equal(first: int, last: int, people: float, *, within: float = 0.0) -> Margin:
    return Margin(first, last, people, people - within, people + within, Kind.EQUAL)


def least(first: int, last: int, people: float) -> Margin:
    return Margin(first, last, people, people, INFINITE, Kind.AT_LEAST)


def most(first: int, last: int, people: float) -> Margin:
    return Margin(first, last, people, 0.0, people, Kind.AT_MOST)


def swept(
    x: list[float], margin: Margin, floors: Floors | None = None, lengths: list[float] | None = None
) -> list[float]:
    sweep(x, [margin], atoms_with(lengths or [1.0] * len(x), floors or {}), SLACK)
    return x


def raked(margins: list[Margin], weights: list[float], lengths: list[float], floors: Floors | None = None) -> Raked:
    return rake(margins, weights, atoms_with(lengths, floors or {}))


def test_a_sweep_scales_what_does_not_hold_and_says_so() -> None:
    x, atoms = [1.0, 3.0], atoms_with([1.0, 1.0], {})
    assert sweep(x, [equal(0, 2, 8)], atoms, SLACK)
    assert x == [2.0, 6.0]
    assert not sweep(x, [equal(0, 2, 8)], atoms, SLACK)
    assert x == [2.0, 6.0]


@pytest.mark.parametrize(
    ("margin", "people"),
    [
        (least(0, 2, 3), [1.0, 3.0]),
        (least(0, 2, 8), [2.0, 6.0]),
        (most(0, 2, 5), [1.0, 3.0]),
        (most(0, 2, 2), [0.5, 1.5]),
        (equal(0, 2, 5, within=1), [1.0, 3.0]),
        (equal(0, 2, 8, within=1), [2.0, 6.0]),  # outside its interval, it is pulled to its figure
    ],
)
def test_a_claim_that_holds_already_moves_nothing(margin: Margin, people: list[float]) -> None:
    assert swept([1.0, 3.0], margin) == people


def test_atoms_that_are_all_zero_share_a_sum_by_their_length() -> None:
    assert swept([0.0, 0.0], equal(0, 2, 8), lengths=[1.0, 3.0]) == [2.0, 6.0]


def test_no_atom_is_scaled_below_its_floor() -> None:
    """Of 6, 5 are the floor of the second, so 1 is left for the first."""
    assert swept([5.0, 5.0], equal(0, 2, 6), {(1, 2): 5.0}) == [1.0, 5.0]


def test_a_day_of_several_atoms_is_raised_to_its_floor() -> None:
    assert swept([1.0, 3.0], most(0, 2, 100), {(0, 2): 10.0}) == [2.5, 7.5]


def test_a_finer_claim_takes_its_days_and_the_rest_share_the_remainder() -> None:
    assert raked([equal(0, 7, 53), equal(5, 7, 20)], [1, 1], [1.0] * 7).people == pytest.approx([6.6] * 5 + [10.0] * 2)


def test_the_start_is_the_mean_of_the_rates_by_weight_and_the_more_trusted_is_exact() -> None:
    """Two overlapping pairs: rates 10 (weight 1) and 40 (weight 3) make the middle (10 + 3 x 40) / 4 = 32.5.

    The first claim then scales 10, 32.5 to 20, the second 32.5, 40 to 80; swept until both hold.
    """
    found = raked([equal(0, 2, 20), equal(1, 3, 80)], [1, 3], [1.0] * 3)
    assert not found.gone
    assert found.people[0] + found.people[1] == pytest.approx(20)
    assert found.people[1] + found.people[2] == pytest.approx(80)


def test_an_atom_that_only_bounds_cover_takes_what_they_need() -> None:
    """12 at least on two days, of which the first holds 5: 7 are left for the second."""
    assert raked([least(0, 2, 12), equal(0, 1, 5)], [1, 1], [1.0] * 2).people == pytest.approx([5, 7])


def test_an_atom_that_only_an_upper_bound_covers_holds_as_many() -> None:
    assert raked([most(0, 2, 12)], [1], [1.0] * 2).people == pytest.approx([6, 6])


def test_a_claim_that_cannot_hold_gives_way_and_bends_nobody() -> None:
    found = raked([equal(0, 2, 100), equal(0, 1, 10), equal(1, 2, 20)], [1, 1, 1], [1.0] * 2)
    assert found.people == pytest.approx([10, 20])
    assert found.gone == {0}


def test_what_gave_way_in_the_model_gives_way_in_another_scenario() -> None:
    margins = [equal(0, 1, 130), equal(0, 1, 100)]
    model = raked(margins, [1, 1], [1.0])
    lower = rake([equal(0, 1, 110), equal(0, 1, 95)], [1, 1], atoms_with([1.0], {}), model)
    assert model.people == pytest.approx([100])
    assert model.gone == {0}
    assert lower.people == pytest.approx([95])
    assert lower.gone == {0}


def test_a_scenario_that_does_not_agree_takes_its_shape_from_the_model() -> None:
    """The model holds 30 and 10; of 20 in all, 15 and 5 have the same shape."""
    model = Raked([30.0, 10.0])
    assert rake([equal(0, 2, 20)], [1], atoms_with([1.0, 1.0], {}), model).people == pytest.approx([15, 5])
