from __future__ import annotations

from bordertally.streams.qualifiers import Qualifier
from bordertally.streams.reconciliation.constraints import Kind, Trust, day_span
from unit.kit import ordinal


def test_a_day_goes_from_midnight_to_midnight_of_the_wall_clock() -> None:
    """2022-09-21 comes 19,256 days after 1970-01-01."""
    assert day_span(ordinal("1970-01-01")) == (0, 86_400)
    assert day_span(ordinal("2022-09-21")) == (19_256 * 86_400, 19_257 * 86_400)
    assert day_span(ordinal("2022-09-21"))[1] == day_span(ordinal("2022-09-22"))[0]


def test_a_constraint_acts_as_the_qualifier_of_its_claim_bounds_the_people() -> None:
    kinds = {qualifier: qualifier.bound for qualifier in Qualifier}
    assert {one for one, kind in kinds.items() if kind is Kind.AT_LEAST} == {Qualifier.AT_LEAST}
    assert {one for one, kind in kinds.items() if kind is Kind.AT_MOST} == {Qualifier.AT_MOST}


def test_trust_goes_by_grade_then_exactness_publication_shortness_and_the_natural_order_of_the_report() -> None:
    day = 86_400
    least_first = [
        Trust(1.0, True, 9, "z", "z", 5, 6),
        Trust(2.0, False, 9, "z", "z", 5, 6),
        Trust(2.0, True, 3, "z", "z", 5, 6),
        Trust(2.0, True, 4, "z", "z", 0, 9 * day),
        Trust(2.0, True, 4, "daily-9", "z", 0, day),
        Trust(2.0, True, 4, "daily-10", "a", day, 2 * day),
        Trust(2.0, True, 4, "daily-10", "b", 0, day),
        Trust(2.0, True, 4, "daily-10", "b", day, 2 * day),
    ]
    shuffled = least_first[::2] + least_first[1::2]
    assert sorted(shuffled, key=lambda trust: trust.rank) == least_first
